import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { decodeExchangeCommit, encodeExchangeCommit } from '../../src/format/exchange-commit.ts';
import { encodeExchangeMessage } from '../../src/format/exchange-message.ts';
import { FormatFault } from '../../src/format/format-fault.ts';
import { SpoolCipher } from '../../src/format/spooled-commit.ts';
import {
  exchangeCommitSample,
  exchangeMessages,
  inboxSlotSample,
  spooledHeadSample,
} from '../fuzz/targets/exchange-targets.ts';

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What docs/formats/exchange.md says, byte by byte; a change here breaks every agent that is out there. */
const golden: Readonly<Record<string, string>> = {
  hello: `01 0100${'01'.repeat(16)}${'02'.repeat(32)}0300000000000000`,
  offer: '02 0404040404',
  group: '03 050000000000000006000000070707',
  'open-disk': '04 080000000300736461',
  compare: `05 090000000a0000000b000000${'0c'.repeat(256)}`,
  'close-disk': '06 0d000000',
  welcome: `20 01000e00000000000000${'0f'.repeat(32)}1000000000000000110000000000000012000000`,
  lack: '21 13000000000000001414',
  credit: '22 15000000',
  stored: `23 ${['16', '17', '18', '19', '1a', '1b'].map((each) => `${each}00000000000000`).join('')}`,
  waiting: '24 08004e4f5f5350414345',
  disk: '25 1c000000011d000000000000001e00000000000000',
  compared: `26 1f000000200000000500${'21'.repeat(256)}`,
  ping: '40 ',
  pong: '41 ',
  bye: '42 0f007468652073657276657220656e6473',
};

describe('formats of the exchange', () => {
  test('messages have not changed since version 1', () => {
    const encoded = exchangeMessages.map((message) => {
      const { kind, head, tail } = encodeExchangeMessage(message);
      const body = Buffer.concat([head, tail]).toString('hex');
      return [message.kind, `${kind.toString(16).padStart(2, '0')} ${body}`];
    });
    assert.deepEqual(Object.fromEntries(encoded), golden);
  });

  test('commits, journals and spooled commits have not changed since version 1', () => {
    const start = '0100000000000000' + '01000000' + '01' + '02000000' + '0100';
    assert.equal(exchangeCommitSample.toString('hex', 0, 19), start);
    const sealed = new SpoolCipher(Buffer.alloc(32, 1), Buffer.alloc(16, 2)).seal(
      1,
      Buffer.from('x'),
    );
    assert.deepEqual(
      [exchangeCommitSample, inboxSlotSample, spooledHeadSample, sealed].map(digest),
      [
        '700a0e676a26905070600f840d9a2b6d4cd237c7f99077879e37ce727071ecf2',
        '7d6ac4a5f1eacd50524df036e546068bdbf1fd06c0e370ce107ca71befa3176d',
        '6175bc10f693158325c28fc9c4a55339ba088201d82405e31b21135c69adaba3',
        'bb48c624554785e2339dbf4685fb07ae768801f872479562bcae778cd0624232',
      ],
    );
  });

  test('what does not fit together is refused', () => {
    const commit = decodeExchangeCommit(exchangeCommitSample);
    const [disk] = commit.record.disks;
    const extent = { startBlock: 0, blockCount: 2, chunk: 2, chunkStartBlock: 0 };
    const withDisk = (change: object): object => ({
      record: { ...commit.record, disks: [{ ...disk!, ...change }] },
    });
    const broken = [
      { groupChunks: [1] },
      { groupChunks: [2, 1] },
      { chunkBlocks: [2] },
      { position: 0 },
      { record: { ...commit.record, disks: [disk, disk] } },
      withDisk({ sizeBytes: 9 * 2 ** 20 }),
      withDisk({ regions: [{ region: 0, extents: [extent] }] }),
      withDisk({ regions: [...disk!.regions].reverse() }),
    ];
    for (const change of broken) {
      const encoded = encodeExchangeCommit({ ...commit, ...change });
      assert.throws(() => decodeExchangeCommit(encoded), FormatFault, JSON.stringify(change));
    }
  });
});
