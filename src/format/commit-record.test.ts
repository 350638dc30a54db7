import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { diskBytesMax, regionBytes } from '../base/limits.ts';
import {
  type CommitDisk,
  type CommitExtent,
  type CommitRecord,
  decodeCommitRecord,
  encodeCommitRecord,
  excludedStartBlock,
} from './commit-record.ts';
import { FormatFault } from './format-fault.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const record: CommitRecord = {
  machine: 'web',
  sequence: 0x0102,
  timeMicros: 1_795_000_000_123_456,
  previousHash: new Uint8Array(32).fill(0x33),
  acknowledgedBytes: 0x01020304,
  previousRecordBytes: 0x80,
  consistency: 'application',
  changedBytes: 0x3000,
  newBytes: 0x2000,
  storedBytes: 0x1234,
  chunkNames: [Buffer.alloc(32, 0x11)],
  disks: [
    {
      disk: 'sda',
      sizeBytes: 0x300000,
      state: 'filling',
      regions: [
        {
          region: 2,
          extents: [
            { startBlock: 1, blockCount: 2, chunk: 1, chunkStartBlock: 5 },
            { startBlock: 255, blockCount: 1, chunk: 0, chunkStartBlock: 0 },
          ],
        },
      ],
    },
  ],
  notes: [{ kind: 'resumed', disk: 'sda', text: 'ä', fromMicros: 7 }],
};

const golden = [
  '0100', // version
  '0300776562', // machine
  '0201000000000000', // sequence
  '401261018b600600', // time
  '33'.repeat(32), // hash of the record before
  '0403020180000000', // acknowledged; record before
  '01', // consistency
  '003000000000000000200000000000003412000000000000',
  `01000000${'11'.repeat(32)}`, // chunk names
  '0100000003007364610000300000000000010100000002000000', // one disk with one region
  '0200', // extents
  '0101010000000500',
  'ff00000000000000',
  '010000000403007364610200c3a40700000000000000', // notes
].join('');

/** The same record with a block that is not held, as version 2 has it. */
const excluding: CommitRecord = {
  ...record,
  disks: record.disks.map((disk) => ({
    ...disk,
    regions: disk.regions.map(({ region, extents }) => ({
      region,
      extents: extents.map((extent) =>
        extent.chunk === 0 ? { ...extent, chunkStartBlock: excludedStartBlock } : extent,
      ),
    })),
  })),
};
const goldenExcluding = golden
  .replace(/^0100/, '0200')
  .replace('ff00000000000000', 'ff00000000000100');

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const name = fc.string({ unit: 'binary', maxLength: 32 }).map((text) => text.toWellFormed());

/** Sorted extents that do not overlap, made from gaps and lengths. */
function extentsOf(chunkCount: number): fc.Arbitrary<readonly CommitExtent[]> {
  const part = fc.tuple(
    fc.nat(20),
    fc.integer({ min: 1, max: 64 }),
    fc.nat(chunkCount),
    fc.nat(63),
  );
  return fc.array(part).map((parts) => {
    const extents: CommitExtent[] = [];
    let end = 0;
    for (const [gap, blockCount, chunk, chunkStartBlock] of parts) {
      const startBlock = end + gap;
      end = startBlock + blockCount;
      if (end > 256) break;
      const start = chunk === 0 ? chunkStartBlock % 2 : Math.min(chunkStartBlock, 64 - blockCount);
      extents.push({ startBlock, blockCount, chunk, chunkStartBlock: start });
    }
    return extents;
  });
}

function disksOf(chunkCount: number): fc.Arbitrary<readonly CommitDisk[]> {
  const regions = fc.array(
    fc.record({ region: fc.nat(2 ** 30 - 1), extents: extentsOf(chunkCount) }, plain),
    { maxLength: 5 },
  );
  const state = fc.constantFrom('whole' as const, 'filling' as const);
  const sizeBytes = fc.integer({ min: diskBytesMax - regionBytes + 1, max: diskBytesMax });
  return fc.array(fc.record({ disk: name, sizeBytes, state, regions }, plain), { maxLength: 3 });
}

const plain = { noNullPrototype: true } as const;
const records: fc.Arbitrary<CommitRecord> = fc.array(hash, { maxLength: 4 }).chain((chunkNames) =>
  fc.record(
    {
      machine: name,
      sequence: fc.maxSafeNat(),
      timeMicros: fc.maxSafeNat(),
      previousHash: hash,
      acknowledgedBytes: u32,
      previousRecordBytes: u32,
      consistency: fc.constantFrom('crash' as const, 'application' as const, 'fuzzy' as const),
      changedBytes: fc.maxSafeNat(),
      newBytes: fc.maxSafeNat(),
      storedBytes: fc.maxSafeNat(),
      chunkNames: fc.constant(chunkNames.map((bytes) => Buffer.from(bytes))),
      disks: disksOf(chunkNames.length),
      notes: fc.array(
        fc.record(
          {
            kind: fc.constantFrom(
              ...(['bookmark', 'gap', 'clock-jump', 'removed', 'resumed'] as const),
            ),
            disk: name,
            text: name,
            fromMicros: fc.maxSafeNat(),
          },
          plain,
        ),
        { maxLength: 3 },
      ),
    },
    plain,
  ),
);

function encoded(of: CommitRecord): Buffer {
  return Buffer.from(encodeCommitRecord(of));
}

/** The record with one disk of three regions, whose first region has these extents. */
function withExtents(...extents: readonly CommitExtent[]): Buffer {
  const disk = { ...record.disks[0]!, regions: [{ region: 0, extents }] };
  return encoded({ ...record, disks: [disk] });
}

describe(`commit record (SEED=${seed})`, () => {
  test('it has not changed since version 1', () => {
    assert.equal(encoded(record).toString('hex'), golden);
    assert.deepEqual(decodeCommitRecord(Buffer.from(golden, 'hex')), record);
  });

  test('excluded blocks have not changed since version 2, and only then is it written', () => {
    assert.equal(encoded(excluding).toString('hex'), goldenExcluding);
    assert.deepEqual(decodeCommitRecord(Buffer.from(goldenExcluding, 'hex')), excluding);
    const tooOld = Buffer.from(goldenExcluding.replace(/^0200/, '0100'), 'hex');
    assert.throws(() => decodeCommitRecord(tooOld), /outside of its chunk/);
  });

  test('what was encoded is decoded; cut or followed by more, it is refused', () => {
    const property = fc.property(records, fc.nat(), (any, cut) => {
      const bytes = encoded(any);
      assert.deepEqual(decodeCommitRecord(bytes), any);
      assert.throws(() => decodeCommitRecord(bytes.subarray(0, cut % bytes.length)), FormatFault);
      assert.throws(() => decodeCommitRecord(Buffer.concat([bytes, bytes])), FormatFault);
    });
    fc.assert(property, { seed, numRuns: 300 });
  });

  test('a newer version is refused in words', () => {
    const bytes = encoded(record);
    bytes[0] = 3;
    assert.throws(() => decodeCommitRecord(bytes), /newer commit record 3/);
    bytes[0] = 0;
    assert.throws(() => decodeCommitRecord(bytes), /impossible version/);
  });

  test('extents that overlap, leave the region or their chunk, or name none are refused', () => {
    const first = { startBlock: 10, blockCount: 2, chunk: 1, chunkStartBlock: 0 };
    assert.doesNotThrow(() => decodeCommitRecord(withExtents(first, { ...first, startBlock: 12 })));
    const refused = [
      [first, { ...first, startBlock: 11 }],
      [first, { ...first, startBlock: 9, blockCount: 1 }],
      [{ ...first, startBlock: 255 }],
      [{ ...first, chunk: 2 }],
      [{ ...first, chunkStartBlock: 63 }],
      [{ ...first, chunk: 0, chunkStartBlock: 2 }],
    ];
    for (const extents of refused) {
      assert.throws(() => decodeCommitRecord(withExtents(...extents)), FormatFault);
    }
  });

  test('a disk larger than any, and a region beyond its disk, are refused', () => {
    const disk = record.disks[0]!;
    const tooLarge = encoded({ ...record, disks: [{ ...disk, sizeBytes: diskBytesMax + 1 }] });
    assert.throws(() => decodeCommitRecord(tooLarge), /too large/);
    const outside = encoded({ ...record, disks: [{ ...disk, sizeBytes: 2 * regionBytes }] });
    assert.throws(() => decodeCommitRecord(outside), /lies outside/);
  });

  test('names and words that are too long are refused', () => {
    const machine = 'x'.repeat(129);
    assert.throws(() => decodeCommitRecord(encoded({ ...record, machine })), /too long/);
    const notes = [{ ...record.notes[0]!, text: 'x'.repeat(4097) }];
    assert.throws(() => decodeCommitRecord(encoded({ ...record, notes })), /too long/);
  });

  test('values of the future are refused', () => {
    const places = [golden.indexOf('010030'), golden.indexOf('0403007364')];
    for (const place of places) {
      const bytes = Buffer.from(golden, 'hex');
      bytes[place / 2] = 9;
      assert.throws(() => decodeCommitRecord(bytes), /no known value/);
    }
  });

  test('what is impossible is not encoded', () => {
    const extent = { startBlock: 0, blockCount: 1, chunk: 1, chunkStartBlock: 0 };
    assert.throws(() => withExtents({ ...extent, blockCount: 0 }), /does not fit/);
    assert.throws(() => withExtents({ ...extent, blockCount: 257 }), /does not fit/);
    assert.throws(() => withExtents({ ...extent, startBlock: 256 }), /does not fit/);
    assert.throws(() => encoded({ ...record, acknowledgedBytes: 2 ** 32 }), /does not fit/);
    assert.throws(() => encoded({ ...record, timeMicros: -1 }));
  });
});
