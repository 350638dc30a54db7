// Bytes as the specifications draw them, written out by hand, and what they mean. Decoders of ext and NTFS have files of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFileExtent } from './btrfs/file-extent.ts';
import { decodeInode as decodeBtrfsInode } from './btrfs/inode-item.ts';
import { keyAt } from './btrfs/key.ts';
import { nameHash as btrfsHash, decodeNamedItems } from './btrfs/named-item.ts';
import { decodeExtendedReferences, decodeReferences } from './btrfs/reference-item.ts';
import { decodeStream, timesOf as exfatTimes, nameOf } from './exfat/entry-set.ts';
import { firstCluster, shortName, sizeOf, timesOf } from './fat/directory-entry.ts';
import { entryIn } from './fat/fat-table.ts';
import { LongName } from './fat/long-name.ts';
import { decodeRecord, longTime } from './iso/directory-record.ts';
import { emptyRockRidge, takeEntries } from './iso/rock-ridge.ts';
import { decodeShortDirectory } from './xfs/directory-entries.ts';
import { nameHash as xfsHash } from './xfs/directory-hash.ts';
import { decodeExtents } from './xfs/extent.ts';
import { decodeInode as decodeXfsInode } from './xfs/inode.ts';

/** Bytes written as hex, with spaces where that helps. */
const hex = (...parts: readonly string[]): Buffer =>
  Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

/** Zeroes, but for what is written at some offsets. */
function sparse(lengthBytes: number, parts: Readonly<Record<number, string>>): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (const [offset, text] of Object.entries(parts)) bytes.set(hex(text), Number(offset));
  return bytes;
}

const micros = (text: string): number => Date.parse(text) * 1000;

// Microsoft FAT specification (fatgen103), "FAT Directory Structure". 0x585d: year 44, month 2, day 29; 0x6cb5: 13 h, 37 min, 21 × 2 s.
test('FAT: an entry with lower-case marks, a cluster above 65535, and times', () => {
  const name = '524541444d452020 545854';
  const entry = hex(name, '20 18 64 b56c 5d58 5d58 0100 b56c 5d58 4523 00100000');
  assert.equal(entry.length, 32);
  assert.equal(shortName(entry), 'readme.txt');
  assert.equal(firstCluster(entry, true), 0x12345);
  assert.equal(firstCluster(entry, false), 0x2345);
  assert.equal(sizeOf(entry), 4096);
  assert.deepEqual(timesOf(entry), {
    modifiedMicros: micros('2024-02-29T13:37:42Z'),
    accessedMicros: micros('2024-02-29T00:00:00Z'),
    createdMicros: micros('2024-02-29T13:37:43Z'),
  });
});

// The example of fatgen103, "FAT Long Directory Entries": "The quick brown.fox" before "THEQUI~1.FOX", whose checksum is 0x07.
test('FAT: a long name in two pieces, the last one first', () => {
  const last = '42 7700 6e00 2e00 6600 6f00 0f 00 07 7800 0000 ffff ffff ffff ffff 0000 ffff ffff';
  const first = '01 5400 6800 6500 2000 7100 0f 00 07 7500 6900 6300 6b00 2000 6200 0000 7200 6f00';
  const short = Buffer.concat([Buffer.from('THEQUI~1FOX'), Buffer.alloc(21)]);
  const name = new LongName();
  name.add(hex(last));
  name.add(hex(first));
  assert.equal(name.take(short), 'The quick brown.fox');
  name.add(hex(last));
  name.add(hex(first));
  short[0] = 0x53;
  assert.equal(name.take(short), undefined, 'the checksum belongs to another short name');
});

test('FAT: two entries of 12 bits share a byte, four bits of 32 are reserved', () => {
  const table = hex('f0 ff ff 03 40 00 ff 0f');
  const entries = [0, 1, 2, 3, 4].map((n) => entryIn(table, Math.floor(n * 1.5), 12, n));
  assert.deepEqual(entries, [0xff0, 0xfff, 3, 4, 0xfff]);
  assert.equal(entryIn(hex('0300 ffff'), 0, 16, 0), 3);
  assert.equal(entryIn(hex('f8ffff ff'), 0, 32, 0), 0x0ffffff8);
});

// Microsoft exFAT specification, §7.4, §7.6, §7.7. 0x88 is two hours, in quarters, ahead of UTC; 0xfc one hour behind.
test('exFAT: content without a table, a name, times with their zone', () => {
  const stream = hex('c003 0002 0000 0000 e803000000000000 00000000 05000000 0010000000000000');
  assert.deepEqual(decodeStream(stream), {
    nameLength: 2,
    isContiguous: true,
    firstCluster: 5,
    validBytes: 1000,
    sizeBytes: 4096,
  });
  const name = Buffer.concat([hex('c100 4800 e900'), Buffer.alloc(26)]);
  assert.equal(nameOf([name], 2), 'Hé');
  const file = hex('8502 0000 2000 0000 b56c5d58 b56c5d58 00005d58 64 00 88 fc 00 00000000000000');
  assert.deepEqual(exfatTimes(file), {
    createdMicros: micros('2024-02-29T11:37:43Z'),
    modifiedMicros: micros('2024-02-29T14:37:42Z'),
    accessedMicros: micros('2024-02-29T00:00:00Z'),
  });
});

// ECMA-119, §9.1 and §8.4.26.1. Years count from 1900, the zone in quarters of an hour.
test('ISO 9660: a record, numbers in both byte orders, a time one hour ahead of UTC', () => {
  const name = Buffer.from('README.TXT;1');
  const record = Buffer.concat([
    hex('2e 00 18000000 00000018 00080000 00000800 7e0b190c223804 80 00 00 0100 0001 0c'),
    name,
    hex('00'),
  ]);
  const decoded = decodeRecord(record)!;
  assert.deepEqual(
    { block: decoded.block, sizeBytes: decoded.sizeBytes, recordedMicros: decoded.recordedMicros },
    { block: 24, sizeBytes: 2048, recordedMicros: micros('2026-11-25T11:34:56Z') },
  );
  assert.deepEqual([decoded.hasMore, decoded.isDirectory, decoded.isHidden], [true, false, false]);
  assert.equal(Buffer.from(decoded.name).toString(), 'README.TXT;1');
  assert.equal(decoded.systemUse.length, 0);
  const long = Buffer.concat([Buffer.from('2026112512345678'), hex('fc')]);
  assert.equal(longTime(long), micros('2026-11-25T13:34:56.780Z'));
});

// IEEE P1282, §4.1: PX 36 bytes, NM, and SL with the components root and "etc".
test('Rock Ridge: owner, name and target', () => {
  const both = (little: string, big: string): string => little + big;
  const owner = [
    both('a4810000', '000081a4'),
    both('01000000', '00000001'),
    both('e8030000', '000003e8'),
    both('64000000', '00000064'),
  ].join('');
  const known = emptyRockRidge();
  takeEntries(
    known,
    hex('5058 24 01', owner, '4e4d 09 01 00 6e616d65', '534c 0c 01 00 0800 0003 657463'),
  );
  assert.deepEqual([known.mode, known.linkCount, known.uid, known.gid], [0o100644, 1, 1000, 100]);
  assert.equal(Buffer.from(known.name).toString(), 'name');
  assert.equal(Buffer.from(known.target!).toString(), '/etc');
});

// XFS Algorithms & Data Structures, "Extent List": 5 << 73 | 0x123456789 << 21 | 3, and all bits of what was set aside.
test('XFS: extents of 128 bits', () => {
  const [written, setAside] = [
    '00000000 00000a00 002468ac f1200003',
    '80002000 00000000 00000000 011fffff',
  ];
  assert.deepEqual(decodeExtents(hex(written, setAside), 2), [
    { fileBlock: 5, block: 0x123456789, blockCount: 3, isUnwritten: false },
    { fileBlock: 2 ** 36, block: 8, blockCount: 2 ** 21 - 1, isUnwritten: true },
  ]);
  assert.equal(typeof decodeExtents(hex(setAside, written), 2), 'string', 'they must ascend');
});

// XFS Algorithms & Data Structures, "Short Form Directories", with types of files; the hash shifts by 7 bits a letter.
test('XFS: a directory in its inode, the hash of a name', () => {
  const directory = hex('01 00 00000080', '03 0060 666f6f 01 00000083');
  const [entry] = decodeShortDirectory(directory, { isVersion5: true, hasFileTypes: true });
  assert.deepEqual(entry, { name: directory.subarray(9, 12), type: 1, inode: 131 });
  assert.equal(xfsHash(Buffer.from('foo')), (0x66 << 14) ^ (0x6f << 7) ^ 0x6f);
});

// Linux fs/xfs/libxfs/xfs_format.h, struct xfs_dinode of version 3, with times before big time: seconds and nanoseconds.
test('XFS: an inode of version 3', () => {
  const inode = decodeXfsInode(
    sparse(512, {
      0: '494e 81a4 03 02',
      8: '000003e8 00000064 00000002',
      32: '65e07e16 1dcd6500',
      40: '65e07e17 00000000',
      48: '65e07e18 000003e8',
      56: '0000000000001000 0000000000000001',
      76: '00000001 0000 21 01',
      90: '0010 deadbeef',
      144: '65e07e16 00000000 0000000000000083',
    }),
    { number: 131, offsetBytes: 0 },
  );
  assert(typeof inode !== 'string');
  assert.deepEqual(
    [inode.mode, inode.uid, inode.gid, inode.linkCount, inode.sizeBytes, inode.blockCount],
    [0o100644, 1000, 100, 2, 4096, 1],
  );
  assert.equal(inode.accessedMicros, 0x65e07e16 * 1e6 + 500_000);
  assert.equal(inode.modifiedMicros, 0x65e07e17 * 1e6);
  assert.equal(inode.changedMicros, 0x65e07e18 * 1e6 + 1);
  assert.deepEqual([inode.generation, inode.ownNumber], [0xdeadbeef, 131]);
  assert.deepEqual([inode.data.format, inode.data.extentCount], ['extents', 1]);
  assert.deepEqual([inode.attributes?.format, inode.data.literal.length], ['local', 0x21 * 8]);
});

// Linux include/uapi/linux/btrfs_tree.h; the key of the name "default" is one that every volume has: (6, 84, 2378154706).
test('btrfs: keys, hashes, names', () => {
  const key = '0601000000000000 54 d2c2bf8d00000000';
  assert.deepEqual(keyAt(hex(key), 0), { object: 262, type: 84, offset: 2_378_154_706 });
  assert.equal(btrfsHash(Buffer.from('default')), 2_378_154_706);
  const item = hex('0101000000000000 01 0000000000000000', '0700000000000000 0000 0300 01 666f6f');
  const [named] = decodeNamedItems(item)!;
  assert.deepEqual(named!.location, { object: 257, type: 1, offset: 0 });
  assert.deepEqual([named!.type, Buffer.from(named!.name).toString()], [1, 'foo']);
  const reference = hex('0300000000000000 0300 666f6f');
  assert.deepEqual(
    decodeReferences(reference, 256)?.map(({ directory }) => directory),
    [256],
  );
  const extended = hex('0001000000000000 0300000000000000 0300 666f6f');
  assert.deepEqual(decodeExtendedReferences(extended), [
    { directory: 256, index: 3, name: extended.subarray(18) },
  ]);
  assert.equal(decodeNamedItems(item.subarray(0, -1)), undefined);
});

test('btrfs: content in the tree, in a part of a compressed extent, and an inode', () => {
  const inline = hex('0700000000000000 0300000000000000 00 00 0000 00 616263');
  assert.deepEqual(decodeFileExtent(inline), {
    form: 'inline',
    compression: 'none',
    plainBytes: 3,
    stored: inline.subarray(21),
  });
  const part = hex(
    ...['0700000000000000 0000020000000000 03 00 0000 01', '0000500000000000 0010000000000000'],
    ...['0080000000000000 0080010000000000'],
  );
  assert.deepEqual(decodeFileExtent(part), {
    form: 'regular',
    compression: 'zstd',
    plainBytes: 0x20000,
    logicalBytes: 0x500000,
    storedBytes: 4096,
    skipBytes: 0x8000,
    lengthBytes: 0x18000,
    isUnwritten: false,
  });
  const inode = decodeBtrfsInode(
    sparse(160, {
      0: '0700000000000000 0800000000000000 0300000000000000 0010000000000000',
      40: '02000000 e8030000 64000000 a4810000',
      64: '0100000000000000',
      136: '167ee06500000000 0065cd1d',
    }),
    4096,
  );
  assert(typeof inode !== 'string');
  const { kind, mode, uid, gid, linkCount, sizeBytes, modifiedMicros } = inode.status;
  assert.deepEqual([kind, mode, uid, gid, linkCount, sizeBytes], ['file', 0o644, 1000, 100, 2, 3]);
  assert.equal(modifiedMicros, 0x65e07e16 * 1e6 + 500_000);
  assert.equal(inode.isSummedUp, false);
});
