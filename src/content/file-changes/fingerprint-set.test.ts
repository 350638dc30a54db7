import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecondwindError } from '../../base/errors.ts';
import { FingerprintSet, fingerprintOf } from './fingerprint-set.ts';

/** More than the set has room for without growing several times. */
const count = 5000;

test('what was added is held while the set grows, and nothing else is', () => {
  const held = new FingerprintSet(count);
  const numbers = Array.from({ length: count }, (_, number) => number);
  for (const number of numbers) held.add(fingerprintOf(`held ${number}`));
  for (const number of numbers) {
    assert.equal(held.areAllMet, false);
    assert.equal(held.isMet(fingerprintOf(`held ${number}`)), false);
    assert.equal(held.meet(fingerprintOf(`held ${number}`)), true);
    assert.equal(held.meet(fingerprintOf(`other ${number}`)), false);
  }
  assert.equal(held.areAllMet, true);
});

test('more than the limit is refused', () => {
  const held = new FingerprintSet(1);
  held.add(fingerprintOf('one'));
  held.add(fingerprintOf('one'));
  assert.throws(
    () => held.add(fingerprintOf('two')),
    (error) => isSecondwindError(error, 'LIMIT_EXCEEDED'),
  );
});
