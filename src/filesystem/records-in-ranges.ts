import type { ByteRange, FileId } from './file-system.ts';

/** A piece of a volume that holds records of one length, one behind the other. */
export interface RecordPiece extends ByteRange {
  /** Length of a record, bytes. */
  readonly recordBytes: number;
  /** How far into its table the piece begins, bytes; not always at the start of a record. */
  readonly tableOffsetBytes: number;
  /** Number of the table's first record. */
  readonly firstNumber: number;
}

/** Identities given out at once. */
const batchMax = 4096;

/**
 * Identities of the records that lie, wholly or in part, in some ranges of a volume.
 * @param pieces - where records lie; ascending, without overlaps
 * @param ranges - spans of the volume; ascending
 * @returns identities in ascending order of their place, in batches
 */
export function* recordsInRanges(
  pieces: Iterable<RecordPiece>,
  ranges: readonly ByteRange[],
): Generator<readonly FileId[]> {
  let batch: FileId[] = [];
  let [next, last] = [0, -1];
  for (const piece of pieces) {
    while (next < ranges.length && endOf(ranges[next]!) <= piece.offsetBytes) next += 1;
    for (let at = next; at < ranges.length && ranges[at]!.offsetBytes < endOf(piece); at += 1) {
      const [from, to] = numbersIn(piece, ranges[at]!);
      for (let number = Math.max(from, last + 1); number <= to; number += 1) {
        last = number;
        batch.push(String(number));
        if (batch.length < batchMax) continue;
        yield batch;
        batch = [];
      }
    }
    // The numbers of another table may begin anew.
    last = -1;
  }
  if (batch.length > 0) yield batch;
}

function endOf({ offsetBytes, lengthBytes }: ByteRange): number {
  return offsetBytes + lengthBytes;
}

/** First and last number that a range touches. */
function numbersIn(piece: RecordPiece, range: ByteRange): readonly [number, number] {
  const { recordBytes, tableOffsetBytes, firstNumber, offsetBytes } = piece;
  const numberAt = (at: number): number =>
    firstNumber + Math.floor((tableOffsetBytes + at - offsetBytes) / recordBytes);
  const from = numberAt(Math.max(range.offsetBytes, offsetBytes));
  return [from, numberAt(Math.min(endOf(range), endOf(piece)) - 1)];
}
