import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RecordPiece, recordsInRanges } from './records-in-ranges.ts';

test('names exactly the records of which a byte lies in a range', () => {
  const spans = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 40 })), { maxLength: 8 });
  fc.assert(
    fc.property(spans, spans, fc.constantFrom(3, 8), (pieceSpans, rangeSpans, recordBytes) => {
      let tableOffsetBytes = 0;
      const pieces: RecordPiece[] = ascending(pieceSpans).map((range) => {
        const piece = { ...range, recordBytes, tableOffsetBytes, firstNumber: 1 };
        tableOffsetBytes += range.lengthBytes;
        return piece;
      });
      const ranges = ascending(rangeSpans);
      const expected = new Set<number>();
      for (const piece of pieces) {
        for (let byte = 0; byte < piece.lengthBytes; byte += 1) {
          const at = piece.offsetBytes + byte;
          const isIn = ranges.some(
            ({ offsetBytes, lengthBytes }) => at >= offsetBytes && at < offsetBytes + lengthBytes,
          );
          if (isIn) expected.add(1 + Math.floor((piece.tableOffsetBytes + byte) / recordBytes));
        }
      }
      const found = [...recordsInRanges(pieces, ranges)].flat();
      assert.deepEqual(new Set(found.map(Number)), expected);
    }),
  );
});

/** Spans one behind the other, with the first number of each as the hole before it. */
function ascending(
  spans: readonly (readonly [number, number])[],
): { offsetBytes: number; lengthBytes: number }[] {
  let end = 0;
  return spans.map(([hole, lengthBytes]) => {
    const offsetBytes = end + hole;
    end = offsetBytes + lengthBytes;
    return { offsetBytes, lengthBytes };
  });
}
