import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { VolumeSpan } from './volume.ts';
import { volumePlaces } from './volume-places.ts';
import { volumeRanges } from './volume-ranges.ts';

const unitBytes = 4;

/** Volumes of one to three spans, on one to three disks each, in pieces that are not always whole units. */
const volumes = fc
  .array(
    fc.record({
      disks: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      rows: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => {
    const spans: VolumeSpan[] = [];
    let startBytes = 0;
    for (const [index, { disks, rows }] of parts.entries()) {
      const lengthBytes = rows * disks.length * unitBytes;
      const stripes = disks.map((disk) => ({ disk, offsetBytes: index * 100 + 7 }));
      const stripeBytes = disks.length === 1 ? lengthBytes : unitBytes;
      spans.push({ startBytes, lengthBytes, stripeBytes, stripes });
      startBytes += lengthBytes;
    }
    return { spans, sizeBytes: startBytes };
  });

test('every byte of a disk leads back to the byte of the volume that lies there', () => {
  fc.assert(
    fc.property(volumes, ({ spans, sizeBytes }) => {
      for (let at = 0; at < sizeBytes; at += 1) {
        const { disk, offsetBytes } = [...volumePlaces(spans, at, 1)][0]!;
        assert.deepEqual(
          [...volumeRanges(spans, disk, { offsetBytes, lengthBytes: 1 })],
          [{ offsetBytes: at, lengthBytes: 1 }],
        );
      }
      const whole = ['a', 'b', 'c'].flatMap((disk) => [
        ...volumeRanges(spans, disk, { offsetBytes: 0, lengthBytes: 1000 }),
      ]);
      assert.equal(
        whole.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
        sizeBytes,
      );
    }),
  );
});
