import { volumesMax } from '../limits.ts';
import type { LvmSection, LvmValue } from './lvm-text.ts';

/** A physical volume as its group describes it. */
export interface GroupMember {
  /** Identity, 32 characters without hyphens. */
  readonly id: string;
  /** Where its first extent begins, bytes of the physical volume. */
  readonly firstExtentBytes: number;
}

/** One segment of a logical volume, as it is written. */
export interface LogicalSegment {
  /** First extent in the logical volume. */
  readonly startExtent: number;
  /** Length in extents. */
  readonly extentCount: number;
  /** How it is made: "striped" (which linear is too), "raid1", "thin", "cache", … */
  readonly type: string;
  /** Unit of striping, bytes; 0 when it says none. */
  readonly stripeBytes: number;
  /** What it lies on: a member's or another logical volume's name, and an extent there. */
  readonly areas: readonly { readonly on: string; readonly extent: number }[];
}

/** A logical volume as its group describes it. */
export interface LogicalVolume {
  /** Name within the group. */
  readonly name: string;
  /** Identity with hyphens. */
  readonly id: string;
  /** Whether it is meant for people; parts of others are not. */
  readonly isVisible: boolean;
  /** In ascending order. */
  readonly segments: readonly LogicalSegment[];
}

/** A volume group. */
export interface VolumeGroup {
  /** Name. */
  readonly name: string;
  /** Identity with hyphens. */
  readonly id: string;
  /** Rises with each change: of two descriptions the higher one is in force. */
  readonly sequence: number;
  /** Unit of allocation, bytes. */
  readonly extentBytes: number;
  /** By the name that the group's own description gives them. */
  readonly members: ReadonlyMap<string, GroupMember>;
  /** By name. */
  readonly volumes: ReadonlyMap<string, LogicalVolume>;
  /** Logical volumes that hold the old content of a snapshot. */
  readonly snapshotStores: ReadonlySet<string>;
}

const sectorBytes = 512;

/**
 * Makes a group of a parsed description. What is missing counts as 0 or empty; the places that come of it are checked when the
 * volumes are put together.
 * @param root - from parseLvmText
 * @returns undefined when it describes no group
 * @source lvm2, lib/format_text/export.c
 */
export function volumeGroupOf(root: LvmSection): VolumeGroup | undefined {
  const found = [...root].find(([, value]) => isSection(value) && value.has('logical_volumes'));
  const empty = [...root].find(([, value]) => isSection(value) && value.has('physical_volumes'));
  const [name, section] = found ?? empty ?? [];
  if (name === undefined || !isSection(section)) return undefined;
  const volumes = sectionsOf(section, 'logical_volumes');
  return {
    name,
    id: textOf(section, 'id'),
    sequence: numberOf(section, 'seqno'),
    extentBytes: numberOf(section, 'extent_size') * sectorBytes,
    members: mapSections(sectionsOf(section, 'physical_volumes'), (member) => ({
      id: textOf(member, 'id').replaceAll('-', ''),
      firstExtentBytes: numberOf(member, 'pe_start') * sectorBytes,
    })),
    volumes: mapSections(volumes, logicalVolumeOf),
    snapshotStores: new Set(volumes.flatMap(([, volume]) => storesOf(volume))),
  };
}

function logicalVolumeOf(section: LvmSection, name: string): LogicalVolume {
  const status = section.get('status');
  const segments = sections(section)
    .filter(([key]) => key.startsWith('segment'))
    .map(([, segment]) => segmentOf(segment));
  return {
    name,
    id: textOf(section, 'id'),
    isVisible: Array.isArray(status) && status.includes('VISIBLE'),
    segments: segments.sort((left, right) => left.startExtent - right.startExtent),
  };
}

function segmentOf(section: LvmSection): LogicalSegment {
  return {
    startExtent: numberOf(section, 'start_extent'),
    extentCount: numberOf(section, 'extent_count'),
    type: textOf(section, 'type'),
    stripeBytes: numberOf(section, 'stripe_size') * sectorBytes,
    areas: areasOf(section),
  };
}

/** "stripes" and "mirrors" are pairs of name and extent; "raids" pairs of names: where its marks lie, and where its data. */
function areasOf(section: LvmSection): LogicalSegment['areas'] {
  const raids = section.get('raids');
  const list = section.get('stripes') ?? section.get('mirrors') ?? raids;
  if (!Array.isArray(list)) return [];
  const values = list as readonly (number | string)[];
  const areas: { on: string; extent: number }[] = [];
  for (let index = 0; index + 1 < values.length; index += 2) {
    const [first, second] = [values[index]!, values[index + 1]!];
    if (list === raids) areas.push({ on: String(second), extent: 0 });
    else areas.push({ on: String(first), extent: Number(second) });
  }
  return areas;
}

function storesOf(volume: LvmSection): string[] {
  return sections(volume)
    .map(([, segment]) => textOf(segment, 'cow_store') || textOf(segment, 'merging_store'))
    .filter((store) => store !== '');
}

function isSection(value: LvmValue | undefined): value is LvmSection {
  return value instanceof Map;
}

function sections(section: LvmSection): [string, LvmSection][] {
  return [...section].filter((entry): entry is [string, LvmSection] => isSection(entry[1]));
}

function sectionsOf(section: LvmSection, key: string): [string, LvmSection][] {
  const inner = section.get(key);
  return isSection(inner) ? sections(inner).slice(0, volumesMax) : [];
}

function mapSections<T>(
  entries: readonly [string, LvmSection][],
  make: (section: LvmSection, name: string) => T,
): ReadonlyMap<string, T> {
  return new Map(entries.map(([name, section]) => [name, make(section, name)]));
}

function textOf(section: LvmSection, key: string): string {
  const value = section.get(key);
  return typeof value === 'string' ? value : '';
}

function numberOf(section: LvmSection, key: string): number {
  const value = section.get(key);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
