import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpperCase } from './upper-case.ts';

const ascii = new UpperCase(
  Uint16Array.from({ length: 65_536 }, (_, unit) => (unit >= 97 && unit <= 122 ? unit - 32 : unit)),
);

test('orders names without regard to case, and those that differ only in it by their units', () => {
  const sorted = ['A', 'a', 'AB', 'aB', 'ab', 'b', 'z', '{', 'é', 'ｱ', '\ud83d\udc18'].toSorted(
    (left, right) => ascii.collate(left, right),
  );
  assert.deepEqual(sorted, ['A', 'a', 'AB', 'aB', 'ab', 'b', 'z', '{', 'é', '\ud83d\udc18', 'ｱ']);
  assert.equal(ascii.compare('Straße', 'sTRAßE'), 0);
  assert.equal(ascii.collate('same', 'same'), 0);
  assert(ascii.compare('ab', 'abc') < 0);
});
