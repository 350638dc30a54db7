import { BlockMarks } from './block-marks.ts';
import type { ByteSpan } from './disk-pieces.ts';

/** Ranges that may be made while they are read. */
export type SpanSource = AsyncIterable<ByteSpan> | Iterable<ByteSpan>;

/**
 * Gathers ranges of any order, overlapping or not, as blocks of a disk.
 * @param sizeBytes - size of the disk, bytes; what lies beyond is left out
 * @param ranges - bytes; each counts with every block it touches
 */
export async function marksWithin(sizeBytes: number, ranges: SpanSource): Promise<BlockMarks> {
  const marks = new BlockMarks(sizeBytes);
  for await (const { offsetBytes, lengthBytes } of ranges) marks.add(offsetBytes, lengthBytes);
  return marks;
}
