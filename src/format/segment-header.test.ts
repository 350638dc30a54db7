import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { FormatFault } from './format-fault.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  isSegmentHeaderAuthentic,
  type SegmentHeader,
  segmentHeaderBytes,
} from './segment-header.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const key = new Uint8Array(32).fill(7);
const header: SegmentHeader = {
  segment: 0x01020304,
  repositoryId: Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index),
  keySalt: Uint8Array.from({ length: 32 }, (_, index) => 0x40 + index),
  createdMicros: 1_795_000_000_123_456,
  previousSegment: 0x01020303,
  previousLengthBytes: 0xfffffff0,
};

const golden = [
  '53575345474d540a', // magic
  '01000000', // version, zero
  '04030201', // number
  '101112131415161718191a1b1c1d1e1f',
  '404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f',
  '401261018b600600',
  '03030201f0ffffff', // the segment before
  '8c4b700a1ee2120ec82d919b2c19c44027266d7d741c39b553a194e91a12cf0c', // HMAC
  '000000000000000000000000',
  'bf8a484c', // CRC-32
].join('');

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const headers: fc.Arbitrary<SegmentHeader> = fc.record(
  {
    segment: u32,
    repositoryId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    keySalt: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    createdMicros: fc.maxSafeNat(),
    previousSegment: u32,
    previousLengthBytes: u32,
  },
  { noNullPrototype: true },
);

/** As a newer writer, or an attacker without the key, would do it. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(crc32(changed.subarray(0, 124)), 124);
  return changed;
}

describe(`segment header (SEED=${seed})`, () => {
  test('it has not changed since version 1', () => {
    const bytes = encodeSegmentHeader(header, key);
    assert.equal(Buffer.from(bytes).toString('hex'), golden);
    assert.deepEqual(decodeSegmentHeader(Buffer.from(golden, 'hex')), header);
    assert(isSegmentHeaderAuthentic(Buffer.from(golden, 'hex'), key));
  });

  test('what was encoded is decoded, and is authentic under its key only', () => {
    const property = fc.property(headers, (any) => {
      const bytes = encodeSegmentHeader(any, key);
      assert.equal(bytes.length, segmentHeaderBytes);
      assert.deepEqual(decodeSegmentHeader(bytes), any);
      assert(isSegmentHeaderAuthentic(bytes, key));
      assert(!isSegmentHeaderAuthentic(bytes, new Uint8Array(32).fill(8)));
    });
    fc.assert(property, { seed, numRuns: 500 });
  });

  test('every flipped bit and every cut is found', () => {
    const sound = encodeSegmentHeader(header, key);
    for (let bit = 0; bit < segmentHeaderBytes * 8; bit++) {
      const bytes = Uint8Array.from(sound);
      bytes[bit >> 3]! ^= 1 << (bit % 8);
      assert.throws(() => decodeSegmentHeader(bytes), FormatFault);
    }
    for (let length = 0; length < segmentHeaderBytes; length++) {
      assert.throws(() => decodeSegmentHeader(sound.subarray(0, length)), FormatFault);
    }
  });

  test('what was changed with a right checksum is not authentic', () => {
    const sound = encodeSegmentHeader(header, key);
    for (let at = 0; at < 112; at++) {
      const bytes = Uint8Array.from(sound);
      bytes[at]! ^= 0x10;
      assert(!isSegmentHeaderAuthentic(withChecksum(bytes), key), `byte ${at}`);
    }
  });

  test('a newer version is told from damage', () => {
    const newer = Uint8Array.from(encodeSegmentHeader(header, key));
    newer[8] = 2;
    assert.throws(() => decodeSegmentHeader(newer), /checksum/);
    assert.throws(() => decodeSegmentHeader(withChecksum(newer)), /^FormatFault: newer format 2$/);
    newer[8] = 0;
    assert.throws(() => decodeSegmentHeader(withChecksum(newer)), /impossible version/);
  });
});
