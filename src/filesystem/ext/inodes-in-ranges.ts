import type { ByteRange, FileId } from '../file-system.ts';
import { type RecordPiece, recordsInRanges } from '../records-in-ranges.ts';
import type { ExtVolume } from './ext-volume.ts';

/**
 * Numbers of the inodes that lie in some spans of the volume, in use or not.
 * @param volume - whose inode tables
 * @param ranges - spans, in any order
 * @throws FILE_SYSTEM_DAMAGED when the table of a group cannot be found
 */
export async function* inodesInRanges(
  volume: ExtVolume,
  ranges: readonly ByteRange[],
): AsyncGenerator<readonly FileId[]> {
  const pieces: RecordPiece[] = [];
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    pieces.push(await inodeTable(volume, group));
  }
  yield* recordsInRanges(pieces.sort(byPlace), ranges.toSorted(byPlace));
}

async function inodeTable(volume: ExtVolume, group: number): Promise<RecordPiece> {
  const { blockBytes, inodeBytes, inodesPerGroup } = volume.superblock;
  const descriptor = await volume.descriptor(group);
  return {
    offsetBytes: descriptor.inodeTable * blockBytes,
    lengthBytes: inodesPerGroup * inodeBytes,
    recordBytes: inodeBytes,
    tableOffsetBytes: 0,
    firstNumber: group * inodesPerGroup + 1,
  };
}

function byPlace(left: ByteRange, right: ByteRange): number {
  return left.offsetBytes - right.offsetBytes;
}
