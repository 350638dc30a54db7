import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeName, encodeName } from './name-text.ts';

test('gives every name of bytes back as it was', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
      assert.deepEqual(encodeName(decodeName(bytes)), bytes);
    }),
    { numRuns: 500 },
  );
});

test('reads valid UTF-8 as text, and shows other bytes one by one', () => {
  assert.equal(decodeName(Buffer.from('Straße 日本 🐘')), 'Straße 日本 🐘');
  assert.equal(decodeName(Buffer.from([0x61, 0xff, 0xc3, 0x62])), 'a\udcff\udcc3b');
  // A lone surrogate written as three bytes is no UTF-8, so it cannot be taken for an escape.
  assert.deepEqual(
    encodeName(decodeName(Uint8Array.of(0xed, 0xb2, 0x80))),
    Uint8Array.of(0xed, 0xb2, 0x80),
  );
});
