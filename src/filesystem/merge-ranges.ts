import type { ByteRange } from './file-system.ts';

/** Ranges in one batch of an answer. */
const batchMax = 1024;

/**
 * Merges ranges that touch or overlap, and hands them on in batches.
 * @param ranges - ascending by start
 */
export async function* mergeRanges(
  ranges: AsyncIterable<ByteRange> | Iterable<ByteRange>,
): AsyncGenerator<readonly ByteRange[]> {
  let batch: ByteRange[] = [];
  let start = 0;
  let end = 0;
  for await (const { offsetBytes, lengthBytes } of ranges) {
    if (offsetBytes > end) {
      if (end > start) batch.push({ offsetBytes: start, lengthBytes: end - start });
      if (batch.length >= batchMax) {
        yield batch;
        batch = [];
      }
      start = offsetBytes;
    }
    end = Math.max(end, offsetBytes + lengthBytes);
  }
  if (end > start) batch.push({ offsetBytes: start, lengthBytes: end - start });
  if (batch.length > 0) yield batch;
}
