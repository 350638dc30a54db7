import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { findVolumes } from './find-volumes.ts';
import { LvmTextFault, parseLvmText } from './volume/lvm-text.ts';
import { type Volume } from './volume.ts';

const mebi = 2 ** 20;

interface Entry {
  readonly type: number;
  readonly start: number;
  readonly count: number;
}

/** A boot record with up to four entries. */
function bootRecord(...entries: readonly Entry[]): Buffer {
  const sector = Buffer.alloc(512);
  sector.writeUInt32LE(0xc0ffee01, 440);
  for (const [index, { type, start, count }] of entries.entries()) {
    const at = 446 + index * 16;
    sector.writeUInt8(type, at + 4);
    sector.writeUInt32LE(start, at + 8);
    sector.writeUInt32LE(count, at + 12);
  }
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function volumesOf(disk: MemoryDisk): Promise<readonly Volume[]> {
  return findVolumes([{ name: 'sda', disk }]);
}

function diskWith(...pieces: readonly (readonly [number, Buffer | string])[]): MemoryDisk {
  const disk = new MemoryDisk(16 * mebi);
  for (const [offset, bytes] of pieces) {
    disk.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, offset);
  }
  return disk;
}

test('an empty disk, one of a few bytes and one of none are volumes themselves', async () => {
  for (const sizeBytes of [0, 100, 511, 4096, mebi]) {
    const [volume, ...others] = await volumesOf(new MemoryDisk(sizeBytes));
    assert.equal(others.length, 0);
    assert.deepEqual(
      [volume?.address, volume?.kind, volume?.sizeBytes, volume?.refusal],
      ['sda', 'disk', sizeBytes, undefined],
    );
  }
});

test('a chain of logical partitions that goes in a circle ends, and says so', async () => {
  const extended = { type: 5, start: 2048, count: 20_000 };
  const link = bootRecord({ type: 0x83, start: 63, count: 100 }, { type: 5, start: 0, count: 1 });
  const disk = diskWith([0, bootRecord(extended)], [2048 * 512, link]);
  const volumes = await volumesOf(disk);
  assert.deepEqual(
    volumes.map(({ address }) => address),
    ['sda/5'],
  );
  assert.match(volumes[0]!.notes.join(), /goes in a circle at sector 2048/);
});

test('a chain without end ends', async () => {
  const disk = new MemoryDisk(16 * mebi);
  disk.write(bootRecord({ type: 5, start: 1, count: 30_000 }), 0);
  for (let sector = 0; sector < 5000; sector += 1) {
    const link = { type: 5, start: sector + 1, count: 1 };
    disk.write(bootRecord({ type: 0x83, start: 1, count: 1 }, link), (1 + sector) * 512);
  }
  const volumes = await volumesOf(disk);
  assert.equal(volumes.length, 1024);
  assert.match(volumes[0]!.notes.join(), /is too long/);
});

test('partitions beyond the end are refused, those across it are cut, overlapping ones say so', async () => {
  const record = bootRecord(
    { type: 0x83, start: 2048, count: 4096 },
    { type: 0x83, start: 4096, count: 4096 },
    { type: 0x83, start: 32_000, count: 0xffffffff },
    { type: 0x83, start: 0xfffffff0, count: 5 },
  );
  const [first, second, third, fourth] = await volumesOf(diskWith([0, record]));
  assert.deepEqual(first!.notes, ['it overlaps partition 2']);
  assert.deepEqual(second!.notes, ['it overlaps partition 1']);
  assert.equal(third!.sizeBytes, 16 * mebi - 32_000 * 512);
  assert.match(third!.notes.join(), /only \d+ of its \d+ bytes lie on its disk/);
  assert.equal(fourth!.sizeBytes, 0);
  assert.match(fourth!.refusal!, /beyond the end of its disk/);
  assert.equal(first!.partitionUuid, 'c0ffee01-01');
});

test('a file system without a table is no table, though it ends like one', async () => {
  const sector = bootRecord({ type: 0x83, start: 1, count: 100 });
  sector.write('NTFS    ', 3, 'latin1');
  assert.deepEqual(
    (await volumesOf(diskWith([0, sector]))).map(({ kind }) => kind),
    ['disk'],
  );
});

test('the image of a disc that starts from a stick too is shown whole and in parts', async () => {
  const record = bootRecord(
    { type: 0x17, start: 0, count: 20_000 },
    { type: 0xef, start: 100, count: 200 },
  );
  const volumes = await volumesOf(diskWith([0, record], [32_769, 'CD001']));
  assert.deepEqual(
    volumes.map(({ address }) => address),
    ['sda', 'sda/1', 'sda/2'],
  );
});

const closed: readonly (readonly [string, number, string | Buffer])[] = [
  ['encrypted with LUKS 1', 0, 'LUKS\xba\xbe\0\x01'],
  ['encrypted with LUKS 2', 0, 'LUKS\xba\xbe\0\x02'],
  ['encrypted with BitLocker', 3, '-FVE-FS-'],
  ['ReFS', 3, 'ReFS\0\0\0\0'],
  ['swap space', 4086, 'SWAPSPACE2'],
  ['swap space', 65_526, 'SWAPSPACE2'],
  ['bcache', 4120, Buffer.from('c68573f64e1a45ca8265f57f48ba6d81', 'hex')],
  ['Storage Spaces', 4096, 'SPACEDB '],
  ['ZFS', 131_072 + 5 * 1024, Buffer.from('0cb1ba0000000000', 'hex')],
  ['VMFS', mebi, Buffer.from('0dd001c0', 'hex')],
  ['APFS', 32, 'NXSB'],
];

for (const [words, offset, magic] of closed) {
  test(`says why nobody can look inside: ${words} at ${offset}`, async () => {
    const [volume] = await volumesOf(diskWith([offset, magic]));
    assert(volume!.refusal?.includes(words), volume!.refusal);
  });
}

/** A GPT of our own, to lie with. */
function gpt(
  change: (header: Buffer) => void,
  array: Buffer = Buffer.alloc(128 * 128),
): MemoryDisk {
  const header = Buffer.alloc(512);
  header.write('EFI PART', 'latin1');
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(array.length / 128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(array), 88);
  change(header);
  header.writeUInt32LE(0, 16);
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16);
  const protective = bootRecord({ type: 0xee, start: 1, count: 0xffffffff });
  return diskWith([0, protective], [512, header], [1024, array]);
}

test('a GPT that asks for impossible things is refused with the reason', async () => {
  const lies: readonly (readonly [RegExp, (header: Buffer) => void])[] = [
    [/4294967295 entries/, (header) => header.writeUInt32LE(0xffffffff, 80)],
    [/1 bytes each/, (header) => header.writeUInt32LE(1, 84)],
    [/beyond any disk/, (header) => header.writeBigUInt64LE(2n ** 63n, 72)],
    [/do not lie on the disk/, (header) => header.writeBigUInt64LE(2n ** 40n, 72)],
    [/lies in sector 7/, (header) => header.writeBigUInt64LE(7n, 24)],
  ];
  for (const [reason, lie] of lies) {
    const [volume] = await volumesOf(gpt(lie));
    assert.match(volume!.refusal ?? '', reason);
  }
});

test('an entry whose end lies before its start, or beyond counting, is left out', async () => {
  const array = Buffer.alloc(128 * 128, 0);
  const entry = (index: number, first: bigint, last: bigint): void => {
    array.fill(0x11, index * 128, index * 128 + 32);
    array.writeBigUInt64LE(first, index * 128 + 32);
    array.writeBigUInt64LE(last, index * 128 + 40);
  };
  entry(0, 100n, 99n);
  entry(1, 100n, 2n ** 64n - 1n);
  entry(2, 100n, 199n);
  const volumes = await volumesOf(gpt(() => undefined, array));
  assert.deepEqual(
    volumes.map(({ address, sizeBytes }) => [address, sizeBytes]),
    [['sda/3', 51_200]],
  );
});

test('sections, numbers, texts with escapes, lists over lines and comments', () => {
  const text =
    'a = 1 # one {\nb { c = "x \\" \\\\ y"\n d = ["p", 7,\n "q" ]\n e = [] f { } }\0rest';
  const root = parseLvmText(text);
  assert.deepEqual(
    root,
    new Map<string, unknown>([
      ['a', 1],
      [
        'b',
        new Map<string, unknown>([
          ['c', 'x " \\ y'],
          ['d', ['p', 7, 'q']],
          ['e', []],
          ['f', new Map()],
        ]),
      ],
    ]),
  );
});

test('what breaks the grammar is a fault and nothing else', () => {
  const broken = [
    'a',
    'a {',
    'a }',
    '}',
    'a = ',
    'a = "',
    'a = [1',
    'a = [1 2]',
    'a = b',
    '= 1',
    'a = [[1]]',
    'a = "\\',
  ];
  for (const text of broken) assert.throws(() => parseLvmText(text), LvmTextFault, text);
  assert.throws(() => parseLvmText('a { '.repeat(100_000)), LvmTextFault);
  assert.throws(() => parseLvmText('a = ['.repeat(100_000)), LvmTextFault);
});

test('a text of megabytes is parsed within its length', () => {
  const root = parseLvmText(`a { ${'b = [1, 2, "three"]\n'.repeat(100_000)} }`);
  assert.equal(root.size, 1);
});
