import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { blockBytes, regionBlocks, regionBytes } from '../base/limits.ts';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { createViewComparer, differingRuns } from './region-compare.ts';

function shared(lengthBytes: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(lengthBytes));
}

test('blocks that differ in any byte are found, and no others', async () => {
  const change = fc.record({
    at: fc.nat(regionBytes - 1),
    value: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 20 }),
      fc.boolean(),
      async (changes, isShort) => {
        const lengthBytes = isShort ? 100_000 : regionBytes;
        const stored = new MemoryDisk(regionBytes + lengthBytes);
        const base = Buffer.alloc(lengthBytes, 7);
        stored.write(base, regionBytes);
        const content = shared(lengthBytes);
        content.set(base);
        const expected = new Uint8Array(regionBlocks);
        for (const { at, value } of changes) {
          if (at >= lengthBytes) continue;
          content[at] = value;
        }
        for (let i = 0; i < lengthBytes; i++) {
          if (content[i] !== 7) expected[Math.floor(i / blockBytes)] = 1;
        }
        const differing = await createViewComparer(stored).compare(1, content);
        const blockCount = Math.ceil(lengthBytes / blockBytes);
        assert.deepEqual(differing.subarray(0, blockCount), expected.subarray(0, blockCount));
      },
    ),
    { numRuns: 30 },
  );
});

test('what lies beyond the stored disk differs, zeroes too', async () => {
  const stored = new MemoryDisk(3 * blockBytes + 100);
  const differing = await createViewComparer(stored).compare(0, shared(8 * blockBytes));
  assert.deepEqual([...differing.subarray(0, 8)], [0, 0, 0, 0, 1, 1, 1, 1]);
  const beyond = await createViewComparer(stored).compare(5, shared(2 * blockBytes));
  assert.deepEqual([...beyond.subarray(0, 2)], [1, 1]);
});

test('runs are of one kind, in order, and cover what differs', () => {
  const content = shared(6 * blockBytes - 10);
  content[0] = 1;
  content[blockBytes + 4000] = 1;
  content[content.length - 1] = 1;
  const all = new Uint8Array(regionBlocks).fill(1);
  assert.deepEqual(differingRuns(content, all), [
    { first: 0, end: 2, isZero: false },
    { first: 2, end: 5, isZero: true },
    { first: 5, end: 6, isZero: false },
  ]);
  const some = Uint8Array.of(0, 1, 1, 0, 1, 0);
  assert.deepEqual(differingRuns(content, some), [
    { first: 1, end: 2, isZero: false },
    { first: 2, end: 3, isZero: true },
    { first: 4, end: 5, isZero: true },
  ]);
});
