import { ReadableWindow } from '../../disk/window-disk.ts';
import type { NamedDisk, Volume } from '../volume.ts';
import type { DisksByName } from './joined-disk.ts';
import { type DiskRegion, makeVolume, spansOf, type VolumeOutline } from './make-volume.ts';
import { lookThroughMd, type MdOutcome } from './md-region.ts';
import type { Partition } from './partition-table.ts';
import { readAt } from './read-at.ts';
import { readPartitionTable } from './read-table.ts';

/** Partitions named in one note about overlapping. */
const overlapsNamedMax = 8;

/** A volume of one disk, and how new it is among copies of the same. */
export interface FoundVolume {
  readonly volume: Volume;
  /** Updates a half of a mirror has seen; 0 for anything else. */
  readonly eventCount: number;
}

/**
 * The partitions of one disk, or the disk itself where it has none.
 * @param named - the disk
 * @param disks - all disks of the machine
 */
export async function diskVolumes(
  named: NamedDisk,
  disks: DisksByName,
): Promise<readonly FoundVolume[]> {
  const { name, disk } = named;
  const all = { disk: name, offsetBytes: 0, lengthBytes: disk.sizeBytes };
  const whole = await lookThroughMd(disk, all, true);
  if (whole.refusal !== undefined) return [await wholeDisk(whole, disks)];
  const { offsetBytes, lengthBytes } = whole.region;
  const window = new ReadableWindow(disk, { offsetBytes, sizeBytes: lengthBytes });
  const { table, refusal } = await readPartitionTable(window);
  if (refusal !== undefined) return [await wholeDisk({ ...whole, refusal }, disks)];
  if (table === undefined) return [await wholeDisk(await lookThroughMd(disk, all, false), disks)];
  const found: FoundVolume[] = [];
  for (const partition of table.partitions) {
    const tableNotes = [...table.notes, ...overlapNotes(partition, table.partitions)];
    found.push(await partitionVolume({ partition, whole, named, disks, notes: tableNotes }));
  }
  if (await isImageOfDisc(window)) found.unshift(await wholeDisk(whole, disks));
  return found;
}

/** Partitions count as overlapping when they share a byte; each is still shown as its table says. */
function overlap(one: Partition, other: Partition): boolean {
  return (
    one !== other &&
    one.startBytes < other.startBytes + other.lengthBytes &&
    other.startBytes < one.startBytes + one.lengthBytes
  );
}

function overlapNotes(one: Partition, all: readonly Partition[]): readonly string[] {
  const others = all.filter((other) => overlap(one, other)).map(({ number }) => number);
  if (others.length === 0) return [];
  const named = others.slice(0, overlapsNamedMax).join(', ');
  const more = others.length > overlapsNamedMax ? ' and more' : '';
  return [`it overlaps partition ${named}${more}`];
}

/** An ISO 9660 image that can start from a stick too has a partition table in front that lies about it. */
async function isImageOfDisc(disk: ReadableWindow): Promise<boolean> {
  const bytes = await readAt(disk, 16 * 2048 + 1, 5);
  return bytes?.toString('latin1') === 'CD001';
}

async function wholeDisk(whole: MdOutcome, disks: DisksByName): Promise<FoundVolume> {
  const { region, note, refusal, eventCount } = whole;
  const outline: VolumeOutline = {
    address: region.disk,
    kind: 'disk',
    type: 'whole disk',
    label: '',
    partitionUuid: '',
    spans: spansOf(region),
    notes: note === undefined ? [] : [note],
    refusal,
  };
  return { volume: await makeVolume(outline, disks), eventCount };
}

/** A partition with everything that its volume needs. */
interface PartitionContext {
  readonly partition: Partition;
  /** The disk, looked through software RAID. */
  readonly whole: MdOutcome;
  readonly named: NamedDisk;
  readonly disks: DisksByName;
  readonly notes: readonly string[];
}

async function partitionVolume(context: PartitionContext): Promise<FoundVolume> {
  const { partition, whole, named, disks } = context;
  const { region, note, refusal } = clipped(partition, whole.region);
  const seen = await lookThroughMd(named.disk, region, false);
  const notes = [...context.notes, whole.note, note, seen.note];
  const outline: VolumeOutline = {
    address: `${named.name}/${partition.number}`,
    kind: 'partition',
    type: partition.type,
    label: partition.label,
    partitionUuid: partition.partitionUuid,
    spans: spansOf(seen.region),
    notes: notes.filter((text) => text !== undefined),
    refusal: refusal ?? partition.refusal ?? seen.refusal,
  };
  return {
    volume: await makeVolume(outline, disks),
    eventCount: whole.eventCount + seen.eventCount,
  };
}

/** What of a partition lies on its disk. */
function clipped(
  partition: Partition,
  whole: DiskRegion,
): { region: DiskRegion; note?: string; refusal?: string } {
  const { startBytes, lengthBytes } = partition;
  const room = Math.max(0, whole.lengthBytes - startBytes);
  const region = {
    disk: whole.disk,
    offsetBytes: whole.offsetBytes + Math.min(startBytes, whole.lengthBytes),
    lengthBytes: Math.min(lengthBytes, room),
  };
  if (room === 0) return { region, refusal: 'it would lie beyond the end of its disk' };
  if (room >= lengthBytes) return { region };
  return { region, note: `only ${room} of its ${lengthBytes} bytes lie on its disk` };
}
