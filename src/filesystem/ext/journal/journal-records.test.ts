import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRevocations, decodeTags, recordHead } from './journal-records.ts';
import type { JournalSuperblock } from './journal-superblock.ts';

const plain: JournalSuperblock = {
  blockCount: 1024,
  first: 1,
  end: 1024,
  sequence: 7,
  start: 1,
  hasTransactionChecksums: false,
  hasRecordChecksums: false,
  hasWideChecksums: false,
  is64Bit: false,
  hasFastCommits: false,
  checksumSeed: 0,
};
const head = (kind: number): string => `c03b3998${kind.toString(16).padStart(8, '0')}00000007`;
const record = (hex: string): Buffer => Buffer.concat([Buffer.from(hex, 'hex')], 128);

test('tells records from copies of blocks', () => {
  assert.deepEqual(recordHead(record(head(2))), { kind: 'commit', sequence: 7 });
  assert.deepEqual(recordHead(record(head(9))), { kind: undefined, sequence: 7 });
  assert.equal(recordHead(record('00'.repeat(12))), undefined);
});

test('reads tags of every form, the first of which has a UUID behind it', () => {
  const uuid = '11'.repeat(16);
  const forms: readonly (readonly [Partial<JournalSuperblock>, string, string, number, number])[] =
    [
      [{}, `0000040100000000${uuid}`, '000004020000000b', 0x402, 0],
      [
        { is64Bit: true },
        `000004010000000000000000${uuid}`,
        '000004020000000b00000001',
        0x100000402,
        0,
      ],
      [
        { hasRecordChecksums: true },
        `00000401abcd00000000${uuid}`,
        '00000402abce000b0000',
        0x402,
        0xabce,
      ],
      [
        { hasRecordChecksums: true, hasWideChecksums: true, is64Bit: true },
        `00000401000000000000000000000000${uuid}`,
        '000004020000000b00000001deadbeef',
        0x100000402,
        0xdeadbeef,
      ],
    ];
  for (const [features, first, last, block, checksum] of forms) {
    const tags = decodeTags({ ...plain, ...features }, record(head(1) + first + last));
    assert.equal(tags.length, 2);
    assert.equal(tags[0]!.block, 0x401);
    assert.deepEqual(tags[1], { block, isEscaped: true, checksum });
  }
});

test('reads no more revocations than the record holds, whatever length it says', () => {
  const bytes = record(`${head(5)}000000180000040100000402`);
  assert.deepEqual(decodeRevocations(plain, bytes), [0x401, 0x402]);
  bytes.writeUInt32BE(0xffffffff, 12);
  assert.equal(decodeRevocations(plain, bytes).length, (128 - 16) / 4);
  assert.equal(decodeRevocations({ ...plain, is64Bit: true }, bytes).length, (128 - 16) / 8);
});
