import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownAccessList } from './access-list.ts';
import { decodeEntries } from './directory-block.ts';
import { directoryHash } from './directory-hash.ts';
import {
  decodeExtentNode,
  type ExpectedNode,
  type ExtentNode,
  entryBefore,
  extentAt,
} from './extent-node.ts';
import { foldName } from './fold-name.ts';
import { decodeRevocations, decodeTags, recordHead } from './journal/journal-records.ts';
import type { JournalSuperblock } from './journal/journal-superblock.ts';

// "setfacl -m u:7:rw" on a file of mode 0644: the value in its inode, and what getfattr shows of it.
const stored = Buffer.from('0100000001000600020006000700000004000400100006002000' + '0400', 'hex');
const shown = Buffer.from(
  '0200000001000600ffffffff020006000700000004000400ffffffff10000600ffffffff20000400ffffffff',
  'hex',
);

test('shows an access list as Linux does', () => {
  assert.deepEqual(Buffer.from(shownAccessList(stored)!), shown);
});

test('refuses an access list that ends early or has another version', () => {
  assert.equal(shownAccessList(stored.subarray(0, 14)), undefined);
  assert.equal(shownAccessList(stored.subarray(0, 3)), undefined);
  assert.equal(shownAccessList(shown), undefined);
});

/** An entry; longer than it needs when `lengthBytes` is given. */
function entry(inode: number, name: string, lengthBytes?: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes ?? (8 + name.length + 3) & ~3);
  bytes.writeUInt32LE(inode, 0);
  bytes.writeUInt16LE(bytes.length, 4);
  bytes[6] = name.length;
  bytes[7] = 1;
  bytes.write(name, 8, 'latin1');
  return bytes;
}

const decode = (...pieces: readonly Buffer[]): ReturnType<typeof decodeEntries> =>
  decodeEntries({ bytes: Buffer.concat(pieces), hasFileTypes: true });

test('leaves out what is unused, and the names of the directory itself and its parent', () => {
  const found = decode(entry(2, '.'), entry(2, '..'), entry(0, 'gone'), entry(12, 'a', 64));
  assert(typeof found !== 'string');
  assert.deepEqual(
    found.map(({ inode, name }) => [inode, Buffer.from(name).toString()]),
    [[12, 'a']],
  );
});

test('refuses entries that do not fill the block, or whose name does not fit', () => {
  const overlong = entry(12, 'name');
  overlong[6] = 5;
  const nameless = entry(12, 'name');
  nameless[6] = 0;
  const endless = entry(12, 'name');
  endless.writeUInt16LE(0, 4);
  for (const bytes of [overlong, nameless, endless, entry(12, 'x').subarray(0, 10)]) {
    assert.equal(typeof decode(bytes), 'string');
  }
});

test('reads lengths as blocks of 64 KiB have them', () => {
  const whole = entry(12, 'a', 65_532);
  const bytes = Buffer.concat([whole, Buffer.alloc(4)]);
  bytes.writeUInt16LE(0, 4);
  const found = decode(bytes);
  assert(typeof found !== 'string' && found.length === 1);
});

// What "debugfs -R 'dx_hash -h KIND [-s SEED] NAME'" of e2fsprogs 1.47.0 prints. The seed is the words of this UUID's bytes.
const uuid = Buffer.from('0123456789abcdef0123456789abcdef', 'hex');
const seed = [0, 4, 8, 12].map((at) => uuid.readUInt32LE(at));
const noSeed = [0, 0, 0, 0];
const long = 'a-name-that-is-longer-than-32-bytes-by-some';

const printed: readonly (readonly [number, readonly number[], string, number])[] = [
  [0, seed, 'hello-world', 0xd42c991a],
  [0, noSeed, long, 0x56984c28],
  [0, noSeed, 'Überlänge', 0xc7d593c0],
  [1, seed, 'hello-world', 0xe25f0966],
  [1, noSeed, long, 0x3c011f66],
  [1, noSeed, 'Überlänge', 0x9843de32],
  [2, seed, 'hello-world', 0x6c7bf208],
  [2, noSeed, long, 0x9e2da154],
  [2, noSeed, 'Überlänge', 0xd60ba720],
];

test('hashes names as e2fsprogs does', () => {
  for (const [kind, words, name, expected] of printed) {
    const method = { kind, isUnsigned: false, seed: words };
    assert.equal(directoryHash(method, Buffer.from(name)), expected, `kind ${kind}, ${name}`);
  }
});

test('counts bytes above 127 as positive where that is asked for', () => {
  const hash = (kind: number, isUnsigned: boolean, name: string): number | undefined =>
    directoryHash({ kind, isUnsigned, seed: noSeed }, Buffer.from(name));
  for (const kind of [0, 1, 2]) {
    assert.notEqual(hash(kind, true, 'Überlänge'), hash(kind, false, 'Überlänge'));
    assert.equal(hash(kind, true, 'plain'), hash(kind, false, 'plain'));
  }
});

test('knows no other kind of hash', () => {
  assert.equal(
    directoryHash({ kind: 6, isUnsigned: false, seed: noSeed }, Buffer.from('x')),
    undefined,
  );
});

// The 60 bytes of an inode with a written extent of 3 blocks at 0 and a preallocated one of 2 at 7.
const root = Buffer.from(
  '0af302000400000000000000' +
    '000000000300000001040000' +
    '070000000280010010270000' +
    '00'.repeat(24),
  'hex',
);
const anywhere = { start: 0, end: Infinity };

function decoded(bytes: Uint8Array): ExtentNode {
  const node = decodeExtentNode(bytes, anywhere);
  assert(typeof node !== 'string');
  return node;
}

/** What is wrong with a node that is refused. */
function refusal(bytes: Uint8Array, expected: ExpectedNode): string {
  const reason = decodeExtentNode(bytes, expected);
  assert(typeof reason === 'string');
  return reason;
}

/** The root with 16 bits of it changed. */
function changed(at: number, value: number): Buffer {
  const bytes = Buffer.from(root);
  bytes.writeUInt16LE(value, at);
  return bytes;
}

test('tells written extents from those that were only set aside', () => {
  const node = decoded(root);
  assert.deepEqual(extentAt(node, 0), { start: 0, blockCount: 3, block: 0x401, isWritten: true });
  const block = 2 ** 32 + 0x2710;
  assert.deepEqual(extentAt(node, 1), { start: 7, blockCount: 2, block, isWritten: false });
});

test('finds the last entry that begins before a block', () => {
  const node = decoded(root);
  assert.deepEqual(
    [0, 2, 6, 7, 100].map((block) => entryBefore(node, block)),
    [0, 0, 0, 1, 1],
  );
});

test('refuses an extent node that contradicts itself', () => {
  const reasons: readonly (readonly [Buffer, RegExp])[] = [
    [changed(0, 0), /magic/],
    [changed(2, 5), /room/],
    [changed(4, 5), /room/],
    [changed(6, 6), /depth/],
    [changed(16, 8), /order/],
    [changed(16, 0), /order/],
  ];
  for (const [bytes, reason] of reasons) {
    assert.match(refusal(bytes, anywhere), reason);
  }
  assert.match(refusal(root, { start: 1, end: Infinity }), /order/);
  assert.match(refusal(root, { start: 0, end: 8 }), /order/);
});

const fold = (name: string): string => foldName(Buffer.from(name));

test('makes the same of names that a case-folding directory takes for one', () => {
  for (const [left, right] of [
    ['Straße', 'STRASSE'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['ΟΔΟΣ', 'οδος'],
    ['soft\u00adhyphen', 'softhyphen'],
  ] as const) {
    assert.equal(fold(left), fold(right), left);
  }
  assert.notEqual(fold('cafe'), fold('café'));
});

test('keeps bytes that are no UTF-8 apart', () => {
  assert.notEqual(foldName(Uint8Array.of(0xff)), foldName(Uint8Array.of(0xfe)));
});

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
