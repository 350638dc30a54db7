import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockBitmap } from './block-bitmap.ts';

const spans = fc
  .tuple(fc.nat(100_000), fc.oneof(fc.nat(20), fc.nat(80_000)), fc.boolean())
  .map(([start, length, isAdded]) => ({ start, end: start + length, isAdded }));

test('agrees with a plain array of booleans about members and runs', () => {
  fc.assert(
    fc.property(fc.array(spans, { maxLength: 8 }), fc.array(fc.nat(180_000)), (list, probes) => {
      const bitmap = new BlockBitmap();
      const model = new Array<boolean>(190_000).fill(false);
      for (const { start, end, isAdded } of list) {
        if (isAdded) bitmap.add(start, end);
        else bitmap.remove(start, end);
        model.fill(isAdded, start, end);
      }
      for (const probe of [0, 32_767, 32_768, ...probes]) {
        assert.equal(bitmap.has(probe), model[probe]);
        const change = model.indexOf(!model[probe], probe);
        assert.equal(bitmap.runEnd(probe, 190_000), change === -1 ? 190_000 : change);
        assert.equal(bitmap.runEnd(probe, probe + 1), probe + 1);
      }
    }),
    { numRuns: 60 },
  );
});

test('holds a whole 10 TiB disk as one run in little memory', () => {
  const blocks = (10 * 2 ** 40) / 4096;
  const bitmap = new BlockBitmap();
  const before = process.memoryUsage().heapUsed;
  bitmap.add(0, blocks);
  assert.ok(process.memoryUsage().heapUsed - before < 32 * 2 ** 20);
  assert.equal(bitmap.runEnd(5, blocks), blocks);
  bitmap.remove(blocks - 1, blocks);
  assert.equal(bitmap.runEnd(5, blocks), blocks - 1);
});
