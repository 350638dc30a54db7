import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diskContent, scribble } from '../../../test/recovery/disk-content.ts';
import { viewOf } from '../../../test/recovery/memory-view.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { rangesListedMax } from '../../base/limits.ts';
import { systemClock as clock } from '../../base/system-clock.ts';
import { MemoryDisk } from '../../disk/memory-disk.ts';
import { compareMoments } from './compare-moments.ts';

const megabyte = 2 ** 20;

test('gathers ranges of any order into runs, with totals', async () => {
  const disk = new MemoryDisk(10 * megabyte);
  const changedRanges = [
    { offsetBytes: 8192, lengthBytes: 4096 },
    { offsetBytes: 0, lengthBytes: 100 },
    { offsetBytes: 4096, lengthBytes: 4096 },
    { offsetBytes: 5 * megabyte, lengthBytes: 4096 },
    { offsetBytes: 5 * megabyte, lengthBytes: 8192 },
  ];
  const found = await compareMoments({
    from: disk,
    to: disk,
    changedRanges,
    isExact: false,
    clock,
  });
  assert.deepEqual(found.ranges, [
    { offsetBytes: 0, lengthBytes: 12_288 },
    { offsetBytes: 5 * megabyte, lengthBytes: 8192 },
  ]);
  assert.equal(found.changedBytes, 20_480);
  assert.equal(found.rangeCount, 2);
  assert.equal(found.isCut, false);
});

test('lists only so many ranges, but counts all', async () => {
  const disk = new MemoryDisk(2 ** 30);
  const count = rangesListedMax + 5;
  const changedRanges = Array.from({ length: count }, (_, index) => ({
    offsetBytes: index * 8192,
    lengthBytes: 1,
  }));
  const found = await compareMoments({
    from: disk,
    to: disk,
    changedRanges,
    isExact: false,
    clock,
  });
  assert.equal(found.ranges.length, rangesListedMax);
  assert.equal(found.rangeCount, count);
  assert.equal(found.changedBytes, count * 4096);
  assert.equal(found.isCut, true);
});

test('finds exactly the blocks that differ, for any two moments of any sizes', async () => {
  const sizes = fc.constantFrom(1, 4096, 300_001, 2 * megabyte, 2 * megabyte + 512);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(2 ** 31),
      fc.nat(40),
      sizes,
      sizes,
      async (seed, changes, one, other) => {
        const content = diskContent(Math.max(one, other), seed);
        const from = content.subarray(0, one);
        const to = Buffer.from(content.subarray(0, other));
        scribble(to, changes, seed + 1);
        const everywhere = [{ offsetBytes: 0, lengthBytes: content.length }];
        const options = { from: viewOf(from), to: viewOf(to), changedRanges: everywhere, clock };
        const found = await compareMoments({ ...options, isExact: true });
        const blocks = new Set<number>();
        for (const { offsetBytes, lengthBytes } of found.ranges) {
          for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += 4096) blocks.add(at);
        }
        for (let at = 0; at < content.length; at += 4096) {
          const isSame = from.subarray(at, at + 4096).equals(to.subarray(at, at + 4096));
          assert.equal(blocks.has(at), !isSame, `block at ${at}`);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('reads only where something was written', async () => {
  const content = diskContent(4 * megabyte, 1);
  const from = viewOf(content);
  let readBytes = 0;
  const read = from.read.bind(from);
  from.read = (target, offset) => {
    readBytes += target.length;
    read(target, offset);
  };
  const changedRanges = [{ offsetBytes: megabyte, lengthBytes: 65_536 }];
  const to = viewOf(content);
  const found = await compareMoments({ from, to, changedRanges, isExact: true, clock });
  assert.equal(found.rangeCount, 0);
  assert.ok(readBytes <= 65_536);
});

test('ends when it is told to', async () => {
  const disk = viewOf(diskContent(megabyte, 2));
  const changedRanges = [{ offsetBytes: 0, lengthBytes: megabyte }];
  const signal = AbortSignal.abort();
  const options = { from: disk, to: disk, changedRanges, isExact: true, clock, signal };
  await assert.rejects(compareMoments(options), (error) => isSecondwindError(error, 'INTERRUPTED'));
});
