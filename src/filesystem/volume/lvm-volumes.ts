import { lvmTextBytesMax, volumesMax } from '../limits.ts';
import type { Volume } from '../volume.ts';
import type { FoundVolume } from './disk-volumes.ts';
import type { DisksByName } from './joined-disk.ts';
import { type VolumeGroup, volumeGroupOf } from './lvm-group.ts';
import { findLvmLabel } from './lvm-label.ts';
import { readLvmMetadata } from './lvm-metadata.ts';
import { LvmSpans, type MemberPlace } from './lvm-spans.ts';
import { LvmTextFault, parseLvmText } from './lvm-text.ts';
import { makeVolume, type VolumeOutline } from './make-volume.ts';
import { readAt } from './read-at.ts';

/** A volume that is a physical volume of LVM. */
interface PhysicalVolume {
  readonly found: FoundVolume;
  readonly id: string;
  /** Descriptions of its group that could be read. */
  readonly groups: readonly VolumeGroup[];
}

/** The volumes of a machine once LVM is looked through. */
export interface LvmOutcome {
  /** Those given, physical volumes now with the reason why nobody looks into them directly. */
  readonly plain: readonly Volume[];
  /** Logical volumes, group by group. */
  readonly logical: readonly Volume[];
}

/**
 * Finds the physical volumes among the volumes of a machine's disks, and the logical volumes that lie on them.
 * @param found - partitions and whole disks
 * @param disks - all disks of the machine
 */
export async function lookThroughLvm(
  found: readonly FoundVolume[],
  disks: DisksByName,
): Promise<LvmOutcome> {
  const physical: PhysicalVolume[] = [];
  const budget = { textBytes: lvmTextBytesMax };
  for (const one of found) {
    const volume = await readPhysicalVolume(one, budget);
    if (volume !== undefined) physical.push(volume);
  }
  const groups = newestGroups(physical);
  const places = placesOf(physical);
  const logical: Volume[] = [];
  for (const group of groups) {
    if (logical.length >= volumesMax) break;
    logical.push(...(await logicalVolumes(group, places, disks)));
  }
  return { plain: found.map((one) => asMember(one, physical, groups)), logical };
}

async function readPhysicalVolume(
  found: FoundVolume,
  budget: { textBytes: number },
): Promise<PhysicalVolume | undefined> {
  const { disk, refusal } = found.volume;
  const head = refusal === undefined ? await readAt(disk, 0, 2048) : undefined;
  const label = head && findLvmLabel(head);
  if (label === undefined) return undefined;
  const groups: VolumeGroup[] = [];
  for (const area of label.metadataAreas) {
    if (budget.textBytes <= 0) break;
    const text = await readLvmMetadata(disk, area);
    budget.textBytes -= text?.length ?? 0;
    const group = text === undefined ? undefined : parseGroup(text);
    if (group !== undefined) groups.push(group);
  }
  return { found, id: label.id, groups };
}

function parseGroup(text: string): VolumeGroup | undefined {
  try {
    return volumeGroupOf(parseLvmText(text));
  } catch (error) {
    if (error instanceof LvmTextFault) return undefined;
    throw error;
  }
}

/** Of each group the description with the highest sequence number; a member that was away has an old one. */
function newestGroups(physical: readonly PhysicalVolume[]): readonly VolumeGroup[] {
  const newest = new Map<string, VolumeGroup>();
  for (const group of physical.flatMap((volume) => volume.groups)) {
    const known = newest.get(group.id);
    if (known === undefined || group.sequence > known.sequence) newest.set(group.id, group);
  }
  return [...newest.values()];
}

/** Two halves of a mirror hold the same physical volume: the one that saw more updates is taken. */
function placesOf(physical: readonly PhysicalVolume[]): ReadonlyMap<string, MemberPlace> {
  const places = new Map<string, MemberPlace>();
  const oldestFirst = physical.toSorted(
    (left, right) => left.found.eventCount - right.found.eventCount,
  );
  for (const { id, found } of oldestFirst) {
    const place = found.volume.spans[0]!.stripes[0]!;
    places.set(id, { ...place, lengthBytes: found.volume.sizeBytes });
  }
  return places;
}

function asMember(
  { volume }: FoundVolume,
  physical: readonly PhysicalVolume[],
  groups: readonly VolumeGroup[],
): Volume {
  const member = physical.find(({ found }) => found.volume === volume);
  if (member === undefined) return volume;
  const group = groups.find(({ members }) =>
    [...members.values()].some(({ id }) => id === member.id),
  );
  const refusal =
    group === undefined
      ? 'it is a physical volume of LVM, and no description of its group can be read'
      : `it is a physical volume of the LVM group "${group.name}", whose volumes are listed by themselves`;
  return { ...volume, isMember: true, refusal };
}

async function logicalVolumes(
  group: VolumeGroup,
  places: ReadonlyMap<string, MemberPlace>,
  disks: DisksByName,
): Promise<readonly Volume[]> {
  const spans = new LvmSpans(group, places);
  const volumes: Volume[] = [];
  for (const volume of group.volumes.values()) {
    if (!volume.isVisible && !group.snapshotStores.has(volume.name)) continue;
    const outcome = spans.of(volume);
    const isRefused = 'refusal' in outcome;
    const outline: VolumeOutline = {
      address: `${group.name}/${volume.name}`,
      kind: 'logical-volume',
      type: `LVM logical volume, ${typeOf(volume.segments)}`,
      label: '',
      partitionUuid: volume.id,
      spans: isRefused ? [] : outcome.spans,
      notes: isRefused || outcome.note === undefined ? [] : [outcome.note],
      refusal: isRefused ? outcome.refusal : undefined,
    };
    volumes.push(await makeVolume(outline, disks));
  }
  return volumes;
}

/** LVM calls linear segments striped, with one stripe. */
function typeOf(
  segments: readonly { readonly type: string; readonly areas: readonly unknown[] }[],
): string {
  const [first] = segments;
  if (first === undefined) return 'empty';
  return first.type === 'striped' && first.areas.length === 1 ? 'linear' : first.type;
}
