import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { duplicateTotals } from './duplicate-classes.ts';
import { NameCounts, placeBytes } from './name-counts.ts';

function nameOf(number: number): Buffer {
  return createHash('sha256').update(String(number)).digest();
}

test('counts as a map does while everything fits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 2000 }), (numbers) => {
      const names = new NameCounts(1024);
      const model = new Map<number, number>();
      for (const number of numbers) {
        const before = model.get(number) ?? 0;
        model.set(number, before + 1);
        assert.equal(names.add(nameOf(number), 0, 8), before === 0 ? 'new' : 'known');
      }
      const counts = [...names.entries()].map(({ count }) => count);
      assert.deepEqual(counts.sort(), [...model.values()].sort());
      assert.equal(names.sampledOneIn, 1);
    }),
  );
});

test('grows from small to its limit without losing a count', () => {
  const names = new NameCounts(2 ** 19);
  for (let round = 0; round < 2; round++) {
    for (let number = 0; number < 200_000; number++) names.add(nameOf(number), 0, 2);
  }
  assert.equal(names.nameCount, 200_000);
  assert.ok(
    [...names.entries()].every(({ count, lengthBytes }) => count === 2 && lengthBytes === 8192),
  );
});

test('stays within its memory beyond its limit, and its sample still tells the totals', () => {
  const placesMax = 4096;
  const names = new NameCounts(placesMax);
  const unique = 60_000;
  for (let number = 0; number < unique; number++) {
    const name = nameOf(number);
    // Every third chunk occurs four times.
    for (let time = 0; time < (number % 3 === 0 ? 4 : 1); time++) names.add(name, 0, 8);
  }
  assert.ok(names.sampledOneIn >= 16);
  assert.ok(names.peakBytes <= placesMax * placeBytes * 2);
  const { uniqueChunkCount, uniqueBytes, classes } = duplicateTotals(names);
  assertNear(uniqueChunkCount, unique, 0.08);
  assertNear(uniqueBytes, unique * 32_768, 0.08);
  assert.deepEqual(
    classes.map(({ fromCount, toCount }) => [fromCount, toCount]),
    [
      [1, 1],
      [3, 4],
    ],
  );
  assertNear(classes[1]!.savedBytes, (unique / 3) * 3 * 32_768, 0.1);
});

test('sorts numbers of occurrences into classes without a gap', () => {
  const names = new NameCounts(1024);
  for (let number = 1; number <= 17; number++) {
    for (let time = 0; time < number; time++) names.add(nameOf(number), 0, 1);
  }
  const { classes } = duplicateTotals(names);
  assert.deepEqual(
    classes.map(({ fromCount, toCount, chunkCount }) => [fromCount, toCount, chunkCount]),
    [
      [1, 1, 1],
      [2, 2, 1],
      [3, 4, 2],
      [5, 8, 4],
      [9, 16, 8],
      [17, 32, 1],
    ],
  );
  const saved = classes.reduce((sum, { savedBytes }) => sum + savedBytes, 0);
  assert.equal(saved, ((17 * 16) / 2) * 4096);
});

function assertNear(found: number, wanted: number, share: number): void {
  assert.ok(Math.abs(found - wanted) <= wanted * share, `${found} is not near ${wanted}`);
}
