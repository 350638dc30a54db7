import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { BlockLock } from './block-lock.ts';

test('overlapping ranges are held in the order in which they were asked for, others at once', async () => {
  const range = fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 10 }), fc.nat(3));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 40 }), async (ranges) => {
      const lock = new BlockLock();
      const held: { first: number; end: number }[] = [];
      const order: number[] = [];
      const holder = async (first: number, end: number, index: number, turns: number) => {
        await lock.acquire(first, end);
        assert.ok(!held.some((other) => other.first < end && first < other.end), 'two hold it');
        const own = { first, end };
        held.push(own);
        order.push(index);
        for (let i = 0; i < turns; i++) await turn();
        held.splice(held.indexOf(own), 1);
        lock.release(first, end);
      };
      await Promise.all(
        ranges.map(([first, count, turns], i) => holder(first, first + count, i, turns)),
      );
      assert.equal(lock.busyCount, 0);
      assert.equal(order.length, ranges.length);
      for (const [i, [first, count]] of ranges.entries()) {
        for (const [j, [otherFirst, otherCount]] of ranges.slice(0, i).entries()) {
          const overlaps = otherFirst < first + count && first < otherFirst + otherCount;
          if (overlaps) assert.ok(order.indexOf(j) < order.indexOf(i), 'out of order');
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('a range that somebody waits for is not free', async () => {
  const lock = new BlockLock();
  lock.hold(0, 10);
  const waiting = lock.acquire(5, 20);
  assert.ok(!lock.isFree(15, 16));
  assert.ok(lock.isFree(20, 30));
  lock.release(0, 10);
  await waiting;
  lock.release(5, 20);
  assert.ok(lock.isFree(0, 100));
});

test('more ranges than it began with room for', () => {
  const lock = new BlockLock();
  for (let i = 0; i < 500; i++) lock.hold(i * 2, i * 2 + 1);
  assert.ok(!lock.isFree(998, 999));
  assert.ok(lock.isFree(999, 1000));
  for (let i = 0; i < 500; i++) lock.release(i * 2, i * 2 + 1);
  assert.ok(lock.isFree(0, 1000));
});
