import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { u16be, u16le, u32be, u32le, u64be, u64le } from './integers.ts';

test('reads what Buffer writes, at any place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 24 }), fc.nat(), (bytes, place) => {
      const at = place % (bytes.length - 7);
      const buffer = Buffer.from(bytes);
      assert.equal(u16le(bytes, at), buffer.readUInt16LE(at));
      assert.equal(u32le(bytes, at), buffer.readUInt32LE(at));
      assert.equal(u64le(bytes, at), Number(buffer.readBigUInt64LE(at)));
      assert.equal(u16be(bytes, at), buffer.readUInt16BE(at));
      assert.equal(u32be(bytes, at), buffer.readUInt32BE(at));
      assert.equal(u64be(bytes, at), Number(buffer.readBigUInt64BE(at)));
    }),
  );
});
