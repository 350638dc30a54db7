import type { ByteRange, FileId } from '../file-system.ts';
import { type RecordPiece, recordsInRanges } from '../records-in-ranges.ts';
import type { FileTable } from './file-table.ts';
import type { NtfsVolume } from './volume.ts';

/**
 * Numbers of the file records that lie in some spans of the volume, in use or not.
 * @param volume - where they lie
 * @param table - the records
 * @param ranges - spans, ascending
 */
export async function* recordsIn(
  volume: NtfsVolume,
  table: FileTable,
  ranges: readonly ByteRange[],
): AsyncGenerator<readonly FileId[]> {
  yield* recordsInRanges(piecesOf(volume, table), ranges);
}

/** The runs of the table that are stored, in the order of the volume. */
function piecesOf(volume: NtfsVolume, table: FileTable): RecordPiece[] {
  const { clusterBytes, recordBytes } = volume.geometry;
  const pieces: RecordPiece[] = [];
  for (const { startCluster, clusterCount, volumeCluster } of table.stream.runs) {
    if (volumeCluster === undefined) continue;
    pieces.push({
      offsetBytes: volumeCluster * clusterBytes,
      lengthBytes: clusterCount * clusterBytes,
      recordBytes,
      tableOffsetBytes: startCluster * clusterBytes,
      firstNumber: 0,
    });
  }
  return pieces.sort((left, right) => left.offsetBytes - right.offsetBytes);
}
