import assert from 'node:assert/strict';
import { test } from 'node:test';
import { happens, integerBelow, oneOf, secureRandom, seededRandom } from './random.ts';

test('a seed gives the same numbers for ever', () => {
  // Seeds stand in reports of failed simulations: if these numbers change, all of those become useless.
  const random = seededRandom(42);
  assert.deepEqual(
    [random.uint32(), random.uint32(), random.uint32()],
    [660444221, 3652823732, 77672526],
  );
  const bytes = new Uint8Array(7);
  seededRandom(42).fill(bytes);
  assert.equal(Buffer.from(bytes).toString('hex'), '3d945d27b4aab9');
});

test('seeds that differ only in their upper half give other numbers', () => {
  assert.notEqual(seededRandom(1).uint32(), seededRandom(1 + 2 ** 32).uint32());
  assert.notEqual(seededRandom(0).uint32(), seededRandom(1).uint32());
});

test('what is no seed is refused', () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) assert.throws(() => seededRandom(seed), /seed/);
});

for (const [name, random] of [
  ['seeded', seededRandom(7)],
  ['secure', secureRandom],
] as const) {
  test(`${name} numbers are spread evenly`, () => {
    const draws = 16_000;
    const counts = new Array<number>(16).fill(0);
    for (let draw = 0; draw < draws; draw++) counts[integerBelow(random, 16)]! += 1;
    // Chi-squared with 15 degrees of freedom is above 60 once in some three million runs.
    const expected = draws / 16;
    const distance = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert(distance < 60, `counts ${counts.join(' ')}`);
  });

  test(`${name} bytes fill the whole target`, () => {
    const bytes = new Uint8Array(4099);
    random.fill(bytes);
    // That one given byte is zero happens, but not that eight in a row are.
    for (let start = 0; start + 8 <= bytes.length; start++) {
      assert(
        bytes.subarray(start, start + 8).some((byte) => byte !== 0),
        `zeroes at ${start}`,
      );
    }
  });
}

test('a chance happens as often as it says', () => {
  const random = seededRandom(3);
  let count = 0;
  for (let draw = 0; draw < 10_000; draw++) if (happens(random, 0.25)) count += 1;
  assert(count > 2300 && count < 2700, String(count));
  assert(!happens(random, 0));
  assert(happens(random, 1));
});

test('limits are kept', () => {
  const random = seededRandom(5);
  assert.equal(integerBelow(random, 1), 0);
  for (let draw = 0; draw < 1000; draw++) assert(integerBelow(random, 3 * 2 ** 30) < 3 * 2 ** 30);
  for (const limit of [0, -1, 1.5, 2 ** 32 + 1]) assert.throws(() => integerBelow(random, limit));
  assert.equal(oneOf(random, ['only']), 'only');
});
