import assert from 'node:assert/strict';
import { integerBelow } from '../../../src/base/random.ts';
import type { CommitRecord } from '../../../src/format/commit-record.ts';
import { decodeExchangeCommit, encodeExchangeCommit } from '../../../src/format/exchange-commit.ts';
import { ExchangeFrameReader, encodeExchangeHead } from '../../../src/format/exchange-frame.ts';
import {
  decodeExchangeMessage,
  type ExchangeMessage,
  encodeExchangeMessage,
} from '../../../src/format/exchange-message.ts';
import { decodeInboxSlot, encodeInboxSlot } from '../../../src/format/inbox-journal.ts';
import { decodeSpooledHead, encodeSpooledHead } from '../../../src/format/spooled-commit.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const bytes = (length: number, value: number): Buffer => Buffer.alloc(length, value);

/** One message of each kind. */
export const exchangeMessages: readonly ExchangeMessage[] = [
  { kind: 'hello', stream: bytes(16, 1), nameKey: bytes(32, 2), firstPosition: 3 },
  { kind: 'offer', commit: bytes(5, 4) },
  { kind: 'group', position: 5, group: 6, packed: bytes(3, 7) },
  { kind: 'open-disk', handle: 8, disk: 'sda' },
  { kind: 'compare', handle: 9, region: 10, lengthBytes: 11, hashes: bytes(256, 12) },
  { kind: 'close-disk', handle: 13 },
  {
    kind: 'welcome',
    storedPosition: 14,
    storedDigest: bytes(32, 15),
    newestMicros: 16,
    nowMicros: 17,
    windowBytes: 18,
  },
  { kind: 'lack', position: 19, chunks: bytes(2, 20) },
  { kind: 'credit', takenBytes: 21 },
  {
    kind: 'stored',
    position: 22,
    timeMicros: 23,
    sequence: 24,
    changedBytes: 25,
    newBytes: 26,
    storedBytes: 27,
  },
  { kind: 'waiting', reason: 'NO_SPACE' },
  { kind: 'disk', handle: 28, isKnown: true, sizeBytes: 29, timeMicros: 30 },
  { kind: 'compared', handle: 31, region: 32, spans: 0b101, hashes: bytes(256, 33) },
  { kind: 'ping' },
  { kind: 'pong' },
  { kind: 'bye', reason: 'the server ends' },
];

const record: CommitRecord = {
  machine: 'web',
  sequence: 0,
  timeMicros: 1_795_000_000_000_000,
  previousHash: new Uint8Array(32),
  acknowledgedBytes: 0,
  previousRecordBytes: 0,
  consistency: 'crash',
  changedBytes: 12_288,
  newBytes: 0,
  storedBytes: 0,
  chunkNames: [bytes(32, 1), bytes(32, 2)],
  disks: [
    {
      disk: 'sda',
      sizeBytes: 2 ** 30,
      state: 'whole',
      regions: [
        {
          region: 0,
          extents: [
            { startBlock: 3, blockCount: 2, chunk: 1, chunkStartBlock: 0 },
            { startBlock: 5, blockCount: 1, chunk: 0, chunkStartBlock: 0 },
          ],
        },
        { region: 9, extents: [{ startBlock: 255, blockCount: 1, chunk: 2, chunkStartBlock: 0 }] },
      ],
    },
  ],
  notes: [],
};

/** A commit of two chunks in one group. */
export const exchangeCommitSample: Buffer = Buffer.from(
  encodeExchangeCommit({ position: 1, groupChunks: [2], chunkBlocks: [2, 1], record }),
);

/** Places in a file that an agent or server keeps. */
export const inboxSlotSample: Buffer = Buffer.from(
  encodeInboxSlot({
    writeCount: 2,
    stream: bytes(16, 1),
    storedPosition: 3,
    storedDigest: bytes(32, 4),
    nextPosition: 5,
    nextDigest: bytes(32, 6),
    sequenceBefore: 7,
  }),
);

/** Head of a spooled commit with two groups. */
export const spooledHeadSample: Buffer = Buffer.from(
  encodeSpooledHead({ position: 1, salt: bytes(16, 2), partBytes: [300, 400, 500] }),
);

const wholeOf = (message: ExchangeMessage): Buffer => {
  const { kind, head, tail } = encodeExchangeMessage(message);
  return Buffer.concat([encodeExchangeHead(kind, head.length + tail.length), head, tail]);
};

/** What the two sides of the exchange read of each other, and of their own files. */
export const exchangeTargets: readonly FuzzTarget[] = [
  {
    name: 'exchange-stream',
    samples: [...exchangeMessages.map(wholeOf), Buffer.concat(exchangeMessages.map(wholeOf))],
    decode: (input, random) => {
      const reader = new ExchangeFrameReader(64 * 1024);
      for (let at = 0; at < input.length; ) {
        const end = Math.min(input.length, at + 1 + integerBelow(random, 100));
        reader.push(input.subarray(at, end));
        at = end;
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          const message = decodeExchangeMessage(frame.kind, frame.body);
          const again = encodeExchangeMessage(message);
          assert.equal(again.kind, frame.kind);
          assert(Buffer.concat([again.head, again.tail]).equals(frame.body), 'two encodings');
        }
      }
    },
  },
  {
    name: 'exchange-commit',
    samples: [exchangeCommitSample],
    decode: (input) => {
      const again = encodeExchangeCommit(decodeExchangeCommit(input));
      assert(Buffer.from(again).equals(input), 'a commit has two encodings');
    },
  },
  {
    name: 'inbox-slot',
    samples: [inboxSlotSample],
    decode: (input) => {
      assert(Buffer.from(encodeInboxSlot(decodeInboxSlot(input))).equals(input), 'two encodings');
    },
  },
  {
    name: 'spooled-head',
    samples: [spooledHeadSample],
    decode: (input) => {
      const again = encodeSpooledHead(decodeSpooledHead(input));
      assert(Buffer.from(again).equals(input), 'a head has two encodings');
    },
  },
];
