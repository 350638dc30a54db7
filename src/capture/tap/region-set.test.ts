import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { RegionSet } from './region-set.ts';

const regionCount = 150;

test('a region set is a set', () => {
  const region = fc.nat(regionCount - 1);
  const step = fc.record({ region, isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat(regionCount), (steps, from) => {
      const set = new RegionSet(regionCount);
      const model = new Set<number>();
      for (const next of steps) {
        if (next.isAdded) {
          set.add(next.region);
          model.add(next.region);
        } else {
          set.remove(next.region);
          model.delete(next.region);
        }
      }
      assert.equal(set.count, model.size);
      const sorted = [...model].sort((left, right) => left - right);
      assert.equal(set.next(from), sorted.find((known) => known >= from) ?? -1);
      const isNear = sorted.some((known) => known >= from && known < from + 10);
      assert.equal(set.hasAny(from, from + 10), isNear);
      const target = new RegionSet(regionCount);
      target.add(3);
      set.moveTo(target);
      assert.equal(set.count, 0);
      for (let i = 0; i < regionCount; i++) assert.equal(target.has(i), model.has(i) || i === 3);
    }),
  );
});

test('blocks are in the regions that they touch', () => {
  const set = new RegionSet(10);
  set.addBlocks(255, 257);
  set.addBlocks(512, 768);
  assert.deepEqual(
    [0, 1, 2, 3].map((region) => set.has(region)),
    [true, true, true, false],
  );
});
