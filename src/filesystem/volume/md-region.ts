import type { ReadableDisk } from '../../disk/disk.ts';
import { ReadableWindow } from '../../disk/window-disk.ts';
import type { DiskRegion } from './make-volume.ts';
import { findMdMember, findOldMdMember, type MdMember } from './md-superblock.ts';

/** What a region is once software RAID is looked through. */
export interface MdOutcome {
  /** Where the data lies; the region itself when it belongs to no RAID. */
  readonly region: DiskRegion;
  /** What a person should know. */
  readonly note?: string | undefined;
  /** Why its content cannot be read. */
  readonly refusal?: string | undefined;
  /** Updates the member has seen; 0 when it is none. */
  readonly eventCount: number;
}

/**
 * Looks through Linux software RAID: each half of a mirror holds everything, so it is read by itself.
 * @param disk - the disk the region is of
 * @param region - partition or whole disk
 * @param hasPartitions - whether partitions may lie in it: then only superblocks count that say where they lie
 */
export async function lookThroughMd(
  disk: ReadableDisk,
  region: DiskRegion,
  hasPartitions: boolean,
): Promise<MdOutcome> {
  const { offsetBytes, lengthBytes } = region;
  const window = new ReadableWindow(disk, { offsetBytes, sizeBytes: lengthBytes });
  const self = await findMdMember(window);
  const member = hasPartitions ? self : (self ?? (await findOldMdMember(window)));
  if (member === undefined) return { region, eventCount: 0 };
  const { eventCount } = member;
  if (member.level !== 1) return { region, refusal: refusalOf(member), eventCount };
  const data = dataOf(member, region);
  if (data === undefined) {
    return { region, refusal: 'it is a mirror whose data would lie beyond its end', eventCount };
  }
  const note = 'it is one half of a mirror (Linux software RAID 1) and is read by itself';
  return { region: data, note, eventCount };
}

function refusalOf({ level }: MdMember): string {
  const name = level === -1 ? 'a linear array' : `RAID ${level}`;
  return `it is one part of ${name} (Linux software RAID), which is read only where the machine itself puts it together`;
}

function dataOf(member: MdMember, region: DiskRegion): DiskRegion | undefined {
  const roomBytes = region.lengthBytes - member.dataOffsetBytes;
  if (!Number.isSafeInteger(member.dataOffsetBytes) || roomBytes <= 0) return undefined;
  return {
    disk: region.disk,
    offsetBytes: region.offsetBytes + member.dataOffsetBytes,
    lengthBytes: Math.min(member.dataLengthBytes || roomBytes, roomBytes),
  };
}
