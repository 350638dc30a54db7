import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { ZeroRuns } from './zero-runs.ts';

test('runs hold the blocks that were added, sorted and apart', () => {
  const range = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 30 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60 }), (ranges) => {
      const runs = new ZeroRuns();
      const model = new Set<number>();
      for (const [first, count] of ranges) {
        runs.add(first, first + count);
        for (let block = first; block < first + count; block++) model.add(block);
      }
      const listed = runs.list();
      const blocks = listed.flatMap(({ firstBlock, blockCount }) =>
        Array.from({ length: blockCount }, (_, i) => firstBlock + i),
      );
      assert.deepEqual(
        blocks,
        [...model].sort((left, right) => left - right),
      );
      assert.equal(runs.blockCount, model.size);
      assert.equal(runs.runCount, listed.length);
      for (const [i, run] of listed.entries()) {
        const next = listed[i + 1];
        assert.ok(next === undefined || run.firstBlock + run.blockCount < next.firstBlock);
      }
    }),
  );
});

test('a whole disk is one run, and clearing empties', () => {
  const runs = new ZeroRuns();
  for (let i = 0; i < 1000; i++) runs.add(i * 1_000_000, (i + 1) * 1_000_000);
  assert.deepEqual(runs.list(), [{ firstBlock: 0, blockCount: 1_000_000_000 }]);
  runs.clear();
  assert.deepEqual([runs.list(), runs.blockCount], [[], 0]);
});
