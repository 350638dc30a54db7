import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileTime } from './file-time.ts';

const epoch = 116_444_736_000_000_000n;

function decoded(hundredNanoseconds: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(hundredNanoseconds);
  return fileTime(bytes, 0);
}

test('counts microseconds since 1970 as exact arithmetic does', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 10n ** 17n, max: 2n * 10n ** 17n }), (time) => {
      const tens = time - epoch;
      const expected = tens >= 0n ? tens / 10n : (tens - 9n) / 10n;
      assert.equal(decoded(time), Number(expected));
    }),
  );
  assert.equal(decoded(epoch), 0);
  assert.equal(decoded(epoch - 1n), -1);
});

test('gives the nearest countable moment for times that are none', () => {
  assert.equal(decoded(0n), Number.MIN_SAFE_INTEGER);
  assert.equal(decoded(2n ** 64n - 1n), Number.MAX_SAFE_INTEGER);
});
