import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { blocksOf, extentLists } from '../../testing/index-model.ts';
import { applyChange } from './apply-change.ts';
import { type Extent, RegionExtents } from './region-extents.ts';

function isZero({ chunkNumber, chunkStartBlock }: Extent): boolean {
  return chunkNumber === 0 && chunkStartBlock === 0;
}

test('laying changes over extents equals painting block by block', () => {
  const property = fc.property(extentLists, extentLists, (before, changes) => {
    const previous = RegionExtents.from(before.filter((extent) => !isZero(extent)));
    const result = applyChange(previous, RegionExtents.from(changes));
    const expected = blocksOf(previous);
    for (const extent of changes) {
      const painted = blocksOf(RegionExtents.from([extent]));
      const end = extent.startBlock + extent.blockCount;
      for (let block = extent.startBlock; block < end; block++) expected[block] = painted[block];
    }
    assert.deepEqual(blocksOf(result), expected);
    let endBlock = 0;
    for (const extent of result.toArray()) {
      assert.ok(extent.startBlock >= endBlock && !isZero(extent));
      endBlock = extent.startBlock + extent.blockCount;
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

test('a block rewritten with what it was is joined to its neighbours again', () => {
  const whole = RegionExtents.from([
    { startBlock: 10, blockCount: 20, chunkNumber: 5, chunkStartBlock: 0 },
  ]);
  const same = RegionExtents.from([
    { startBlock: 12, blockCount: 1, chunkNumber: 5, chunkStartBlock: 2 },
  ]);
  assert.ok(applyChange(whole, same).equals(whole));
});

test('extents are found by block', () => {
  const extents = RegionExtents.from([
    { startBlock: 3, blockCount: 2, chunkNumber: 1, chunkStartBlock: 0 },
    { startBlock: 9, blockCount: 1, chunkNumber: 2, chunkStartBlock: 7 },
  ]);
  assert.deepEqual(
    [0, 3, 4, 5, 9, 10].map((block) => extents.indexAtOrAfter(block)),
    [0, 0, 0, 1, 1, 2],
  );
});

test('extents out of order, overlapping or leaving the region are bugs', () => {
  const make = (startBlock: number, blockCount: number) => ({
    startBlock,
    blockCount,
    chunkNumber: 1,
    chunkStartBlock: 0,
  });
  assert.throws(() => RegionExtents.from([make(5, 2), make(6, 1)]));
  assert.throws(() => RegionExtents.from([make(5, 2), make(2, 1)]));
  assert.throws(() => RegionExtents.from([make(250, 7)]));
});
