import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { RangeLock } from './range-lock.ts';

test('gives a free range at once, and lets separate ranges be held together', () => {
  const lock = new RangeLock();
  const first = lock.acquire(0, 4);
  const second = lock.acquire(4, 8);
  assert.equal(typeof first, 'function');
  assert.equal(typeof second, 'function');
  assert.equal(lock.isIdle, false);
});

test('never lets two overlapping holders in, serves in order, and ends idle', async () => {
  const spans = fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 6 }), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(spans, { maxLength: 30 }), async (list) => {
      const lock = new RangeLock();
      const holders = new Map<number, number>();
      const lastServed = new Map<number, number>();
      await Promise.all(
        list.map(async ([start, length, turns], order) => {
          const release = await lock.acquire(start, start + length);
          for (let unit = start; unit < start + length; unit += 1) {
            assert.equal(holders.get(unit) ?? 0, 0);
            assert.ok((lastServed.get(unit) ?? -1) < order);
            holders.set(unit, 1);
            lastServed.set(unit, order);
          }
          for (let turn = 0; turn < turns; turn += 1) await nextTurn();
          for (let unit = start; unit < start + length; unit += 1) holders.set(unit, 0);
          release();
        }),
      );
      assert.ok(lock.isIdle);
    }),
    { numRuns: 60 },
  );
});
