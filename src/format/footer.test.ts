import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { segmentBytesMax } from '../base/limits.ts';
import { entryHeaderBytes } from './entry.ts';
import {
  decodeFooter,
  decodeTrailer,
  encodeFooter,
  encodeTrailer,
  type FooterEntry,
  trailerBytes,
} from './footer.ts';
import { FormatFault } from './format-fault.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const entries: readonly FooterEntry[] = [
  { type: 'group', offsetBytes: 128, chunks: [{ name: Buffer.alloc(32, 0x11), blockCount: 2 }] },
  { type: 'commit', offsetBytes: 0x01020300, chunks: [] },
];
const golden = ['02000000', `01800000000100${'11'.repeat(32)}0200`, '02000302010000'].join('');
const goldenTrailer = '53575345414c440a00030201df9c0158';

const anyEntry: fc.Arbitrary<FooterEntry> = fc.record(
  {
    type: fc.constantFrom('group' as const, 'commit' as const),
    offsetBytes: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    chunks: fc.array(
      fc.record(
        {
          name: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((name) => Buffer.from(name)),
          blockCount: fc.nat(0xffff),
        },
        { noNullPrototype: true },
      ),
    ),
  },
  { noNullPrototype: true },
);

describe(`footer (SEED=${seed})`, () => {
  test('it has not changed since version 1', () => {
    assert.equal(Buffer.from(encodeFooter(entries)).toString('hex'), golden);
    assert.deepEqual(decodeFooter(Buffer.from(golden, 'hex')), entries);
  });

  test('what was encoded is decoded; cut or followed by more, it is refused', () => {
    const property = fc.property(fc.array(anyEntry), fc.nat(), (all, cut) => {
      const bytes = Buffer.from(encodeFooter(all));
      assert.deepEqual(decodeFooter(bytes), all);
      assert.throws(() => decodeFooter(bytes.subarray(0, cut % bytes.length)), FormatFault);
      assert.throws(() => decodeFooter(Buffer.concat([bytes, Buffer.alloc(1)])), FormatFault);
    });
    fc.assert(property, { seed, numRuns: 300 });
  });

  test('a count that cannot be true and kinds of the future are refused', () => {
    const bytes = Buffer.from(golden, 'hex');
    bytes.writeUInt32LE(0xffffffff);
    assert.throws(() => decodeFooter(bytes), /count is too large/);
    const newer = Buffer.from(golden, 'hex');
    newer[4] = 3;
    assert.throws(() => decodeFooter(newer), /newer kind/);
  });
});

describe('trailer', () => {
  test('it has not changed since version 1', () => {
    assert.equal(Buffer.from(encodeTrailer(0x01020300)).toString('hex'), goldenTrailer);
    assert.equal(decodeTrailer(Buffer.from(goldenTrailer, 'hex')), 0x01020300);
  });

  test('with any bit flipped, or cut, it is none', () => {
    const sound = encodeTrailer(4096);
    for (let bit = 0; bit < trailerBytes * 8; bit++) {
      const bytes = Uint8Array.from(sound);
      bytes[bit >> 3]! ^= 1 << (bit % 8);
      assert.equal(decodeTrailer(bytes), undefined);
    }
    for (let length = 0; length < trailerBytes; length++) {
      assert.equal(decodeTrailer(sound.subarray(0, length)), undefined);
    }
  });

  test('a footer beyond the largest segment is none', () => {
    const last = segmentBytesMax - entryHeaderBytes;
    assert.equal(decodeTrailer(encodeTrailer(last)), last);
    assert.equal(decodeTrailer(encodeTrailer(last + 16)), undefined);
    assert.equal(decodeTrailer(encodeTrailer(0xfffffff0)), undefined);
  });
});
