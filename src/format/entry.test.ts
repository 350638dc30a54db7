import { strict as assert } from 'node:assert';
import { createCipheriv, randomBytes, randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { crc32, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import {
  decodeEntryHeader,
  type EntryType,
  entryHeaderBytes,
  entryPlainBytesMax,
  entrySpanBytes,
  isEntryStart,
  openEntry,
  type PackedPayload,
  packPayload,
  sealEntry,
} from './entry.ts';
import { FormatFault } from './format-fault.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const place = { segment: 0x01020304, segmentKey: new Uint8Array(32).fill(7), offsetBytes: 0x80 };
const types: readonly EntryType[] = ['group', 'commit', 'footer'];
const plainText = Buffer.from('what a commit record could be', 'latin1');

const goldenHeader = [
  '53574531', // magic
  '02000000', // commit, as it is, zero
  '04030201',
  '80000000',
  '1d0000001d000000', // lengths
].join('');
const golden = [
  goldenHeader,
  'fbfa457910a90c4dff7aab03ac422656', // tag
  '17bf426159c2f308', // checksums
  '6dae7aa0e5efa33ccf0e8be32c34d2b5ceabb16f1416e71a6fb209f262', // payload
  '000000', // padding
].join('');
/** 64 KiB of "a", compressed by zstd 1.5 at level 1: whatever a later zstd makes of it, this must open for ever. */
const goldenCompressed = [
  '5357453101010000040302018000000000000100140000009cfa9b2bf277a1eb86b2934692572991',
  '327929c43c9d1e5f32733429a58e7c0aa063f6eb3915a02bd2d9a30a000000000000000000000000',
].join('');

function seal(packed: PackedPayload, at: typeof place = place): Buffer {
  const target = Buffer.alloc(entrySpanBytes(packed.bytes.length), 0xee);
  sealEntry(packed, at, target);
  return target;
}

/** As sealEntry would, for fields it would never write. */
function forge(fields: Partial<PackedPayload>): Buffer {
  const packed = { type: 'group' as const, isCompressed: false, bytes: plainText, ...fields };
  return seal({ plainBytes: packed.bytes.length, ...packed });
}

function withHeaderChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 44)), 44);
  return bytes;
}

describe(`entry (SEED=${seed})`, () => {
  test('it has not changed since version 1', () => {
    assert.equal(seal(packPayload('commit', plainText, 1)).toString('hex'), golden);
    assert.deepEqual(openEntry(Buffer.from(golden, 'hex'), place).plain, plainText);
  });

  test('the nonce is the offset and the additional data the header', () => {
    const cipher = createCipheriv(
      'aes-256-gcm',
      place.segmentKey,
      Buffer.from('80000000'.padEnd(24, '0'), 'hex'),
    );
    cipher.setAAD(Buffer.from(goldenHeader, 'hex'));
    const sealed = Buffer.concat([cipher.update(plainText), cipher.final()]);
    const tag = cipher.getAuthTag().toString('hex');
    assert.equal(golden.slice(48, 80), tag);
    assert.equal(golden.slice(96, 96 + sealed.length * 2), sealed.toString('hex'));
  });

  test('what an earlier zstd compressed is opened', () => {
    const { header, plain } = openEntry(Buffer.from(goldenCompressed, 'hex'), place);
    assert.equal(header.isCompressed, true);
    assert(plain.equals(Buffer.alloc(65536, 'a')));
  });

  test('what was sealed is opened, and the padding is zeroes', () => {
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.alloc(some.length * 700, some)),
      fc.nat(40_000).map((length) => randomBytes(length)),
    );
    const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const property = fc.property(payloads, fc.constantFrom(...types), u32, u32, (...any) => {
      const [plain, type, segment, offsetBytes] = any;
      const packed = packPayload(type, plain, 1);
      const at = { ...place, segment, offsetBytes };
      const bytes = seal(packed, at);
      const opened = openEntry(bytes, at);
      assert(opened.plain.equals(plain));
      assert.equal(opened.header.type, type);
      assert.equal(opened.header.plainBytes, plain.length);
      assert.equal(bytes.length % 16, 0);
      const end = entryHeaderBytes + packed.bytes.length;
      assert(bytes.subarray(end).every((byte) => byte === 0));
      assert.equal(crc32(bytes.subarray(entryHeaderBytes, end)), opened.header.payloadChecksum);
    });
    fc.assert(property, { seed, numRuns: 300 });
  });

  test('payloads are packed one after the other and sealed later', () => {
    const plains = ['a', 'b'].map((letter) => Buffer.alloc(100_000, letter));
    const packed = plains.map((plain) => packPayload('group', plain, 1));
    for (const [index, plain] of plains.entries())
      assert(openEntry(seal(packed[index]!), place).plain.equals(plain));
  });

  test('random data is not compressed, repeated data is', () => {
    assert.equal(packPayload('group', randomBytes(131_072), 1).isCompressed, false);
    assert.equal(packPayload('group', randomBytes(2_000), 1).isCompressed, false);
    assert.equal(packPayload('group', Buffer.alloc(131_072), 1).isCompressed, true);
  });

  test('every flipped bit is found by whoever has the key', () => {
    const sound = seal(packPayload('commit', plainText, 1));
    for (let bit = 0; bit < (entryHeaderBytes + plainText.length) * 8; bit++) {
      const bytes = Buffer.from(sound);
      bytes[bit >> 3]! ^= 1 << (bit % 8);
      const fixed = bit >> 3 < 40 ? withHeaderChecksum(bytes) : bytes;
      assert.throws(() => openEntry(fixed, place), FormatFault, `bit ${bit}`);
    }
  });

  test('every cut is found', () => {
    const sound = seal(packPayload('commit', plainText, 1));
    for (let length = 0; length < entryHeaderBytes + plainText.length; length++) {
      assert.throws(() => openEntry(sound.subarray(0, length), place), FormatFault);
    }
    assert.equal(isEntryStart(sound), true);
    assert.equal(isEntryStart(sound.subarray(0, 47)), false);
  });

  test('an entry opens only in its own place and with its own key', () => {
    const bytes = seal(packPayload('commit', plainText, 1));
    assert.throws(() => openEntry(bytes, { ...place, segment: 1 }), /another place/);
    assert.throws(() => openEntry(bytes, { ...place, offsetBytes: 0 }), /another place/);
    const segmentKey = new Uint8Array(32).fill(8);
    assert.throws(() => openEntry(bytes, { ...place, segmentKey }), /altered or its key/);
    const moved = Buffer.from(bytes);
    moved.writeUInt32LE(0x90, 12);
    const there = { ...place, offsetBytes: 0x90 };
    assert.throws(() => openEntry(withHeaderChecksum(moved), there), /altered/);
  });

  test('kinds and encodings of the future are refused', () => {
    for (const [at, value] of [
      [4, 0],
      [4, 4],
      [4, 255],
      [5, 2],
    ] as const) {
      const bytes = seal(packPayload('group', plainText, 1));
      bytes[at] = value;
      assert.throws(() => decodeEntryHeader(withHeaderChecksum(bytes)), /newer kind/);
    }
  });

  test('impossible lengths are refused before anything is allocated', () => {
    const lengths = [
      [entryPlainBytesMax + 1, entryPlainBytesMax + 1],
      [2 ** 32 - 1, 2 ** 32 - 1],
      [10, 11],
      [11, 10],
    ] as const;
    for (const [plainBytes, payloadBytes] of lengths) {
      const bytes = seal(packPayload('group', plainText, 1));
      bytes.writeUInt32LE(plainBytes, 16);
      bytes.writeUInt32LE(payloadBytes, 20);
      assert.throws(() => decodeEntryHeader(withHeaderChecksum(bytes)), /lengths are impossible/);
    }
  });

  test('authentic entries whose payload is not what they say are refused', () => {
    const packed = zstdCompressSync(Buffer.alloc(5000, 'a'));
    const forged = (fields: Partial<PackedPayload>) => (): unknown =>
      openEntry(forge(fields), place);
    const compressed = { isCompressed: true, bytes: packed };
    assert.doesNotThrow(forged({ ...compressed, plainBytes: 5000 }));
    assert.throws(forged({ ...compressed, plainBytes: 4999 }), FormatFault);
    assert.throws(forged({ ...compressed, plainBytes: 5001 }), FormatFault);
    assert.throws(forged({ ...compressed, plainBytes: packed.length }), FormatFault);
    assert.throws(forged({ isCompressed: true }), FormatFault);
    assert.throws(forged({ isCompressed: true, bytes: new Uint8Array() }), FormatFault);
    assert.throws(forged({ plainBytes: plainText.length + 1 }), FormatFault);
  });
});
