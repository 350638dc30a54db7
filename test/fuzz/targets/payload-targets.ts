import assert from 'node:assert/strict';
import { blockBytes } from '../../../src/base/limits.ts';
import { decodeGroupDirectory, encodeGroupDirectory } from '../../../src/format/chunk-group.ts';
import {
  type CommitRecord,
  decodeCommitRecord,
  encodeCommitRecord,
} from '../../../src/format/commit-record.ts';
import { decodeFooter, encodeFooter } from '../../../src/format/footer.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const name = (value: number): Buffer => Buffer.alloc(32, value);

function group(...blockCounts: readonly number[]): Buffer {
  const chunks = blockCounts.map((blockCount) => ({ name: name(blockCount), blockCount }));
  const blocks = blockCounts.reduce((sum, count) => sum + count, 0);
  return Buffer.concat([encodeGroupDirectory(chunks), Buffer.alloc(blocks * blockBytes, 1)]);
}

const emptyRecord: CommitRecord = {
  machine: 'web',
  sequence: 1,
  timeMicros: 1_795_000_000_000_000,
  previousHash: new Uint8Array(32),
  acknowledgedBytes: 128,
  previousRecordBytes: 0,
  consistency: 'crash',
  changedBytes: 0,
  newBytes: 0,
  storedBytes: 0,
  chunkNames: [],
  disks: [],
  notes: [],
};

const extent = { startBlock: 3, blockCount: 2, chunk: 1, chunkStartBlock: 1 };
const records: readonly CommitRecord[] = [
  emptyRecord,
  {
    ...emptyRecord,
    chunkNames: [name(1), name(2)],
    disks: [
      {
        disk: 'sda',
        sizeBytes: 2 ** 40,
        state: 'whole',
        regions: [
          {
            region: 0,
            extents: [extent, { ...extent, startBlock: 5, chunk: 0, chunkStartBlock: 0 }],
          },
          { region: 8, extents: [{ ...extent, chunk: 0, chunkStartBlock: 1 }] },
          { region: 9, extents: [{ ...extent, startBlock: 255, blockCount: 1, chunk: 2 }] },
        ],
      },
      { disk: 'sdb', sizeBytes: 4096, state: 'filling', regions: [] },
    ],
    notes: [{ kind: 'bookmark', disk: '', text: 'Lunch – äöü', fromMicros: 5 }],
  },
];

/** Decoders of plain payloads know one encoding for each content: what is accepted is encoded to the same bytes again. */
export const payloadTargets: readonly FuzzTarget[] = [
  {
    name: 'group',
    samples: [group(1), group(2, 1, 3), group()],
    decode: (bytes) => {
      const { chunks, dataOffsetBytes } = decodeGroupDirectory(bytes);
      const again = Buffer.from(encodeGroupDirectory(chunks));
      assert(again.equals(bytes.subarray(0, dataOffsetBytes)), 'a directory has two encodings');
      const blocks = chunks.reduce((sum, chunk) => sum + chunk.blockCount, 0);
      assert.equal(dataOffsetBytes + blocks * blockBytes, bytes.length);
    },
  },
  {
    name: 'commit-record',
    samples: records.map((record) => Buffer.from(encodeCommitRecord(record))),
    decode: (bytes) => {
      const again = Buffer.from(encodeCommitRecord(decodeCommitRecord(bytes)));
      assert(again.equals(bytes), 'a record has two encodings');
    },
  },
  {
    name: 'footer',
    samples: [
      Buffer.from(encodeFooter([])),
      Buffer.from(
        encodeFooter([
          { type: 'group', offsetBytes: 128, chunks: [{ name: name(1), blockCount: 64 }] },
          { type: 'commit', offsetBytes: 4096, chunks: [] },
        ]),
      ),
    ],
    decode: (bytes) => {
      const again = Buffer.from(encodeFooter(decodeFooter(bytes)));
      assert(again.equals(bytes), 'a footer has two encodings');
    },
  },
];
