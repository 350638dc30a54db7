import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/base/system-clock.ts';
import {
  type ExclusionRules,
  noExclusionRules,
} from '../../src/content/exclusions/exclusion-rules.ts';
import {
  type DiskExclusions,
  findExclusions,
} from '../../src/content/exclusions/find-exclusions.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import { DiskImage } from '../filesystem/disk-image.ts';

const mebibyte = 1024 * 1024;
const scratchRules = { ...noExclusionRules, paths: ['/scratch'], isUnallocatedExcluded: true };
const { signal } = new AbortController();

async function exclusionsOf(path: string, rules: ExclusionRules): Promise<DiskExclusions> {
  const disk = await openFileDisk(path, { isReadOnly: true, clock: systemClock });
  try {
    return await findExclusions({ name: 'root', disk }, rules, signal);
  } finally {
    await disk.close();
  }
}

/** Nothing is excluded, and a note says why. */
function assertDoubt(found: DiskExclusions, reason: RegExp): void {
  assert.equal(found.fileBytes + found.unallocatedBytes, 0);
  assert.equal(found.blocks.runEnd(0, 1e6), 1e6);
  assert.equal(found.blocks.has(0), false);
  assert.match(found.notes.join('\n'), reason);
}

function writeScratch(folder: string): void {
  mkdirSync(join(folder, 'scratch'), { recursive: true });
  writeFileSync(join(folder, 'scratch', 'area'), randomBytes(mebibyte));
  writeFileSync(join(folder, 'kept'), randomBytes(mebibyte));
}

test('Windows: page files, temp folders and stores of shadow copies, in whatever case; one store that stays keeps all', async () => {
  await using image = await DiskImage.make(24 * mebibyte, ['mkntfs', '-F', '-Q', '-q']);
  const store = 'System Volume Information/{2d1c}{3808876b-c176-4e48-b7ae-04046e6cc752}';
  await image.mounted(['-t', 'ntfs-3g'], (folder) => {
    for (const name of [
      'windows/TEMP/deep',
      'Users/ann/AppData/Local/Temp',
      'System Volume Information',
    ])
      mkdirSync(join(folder, name), { recursive: true });
    const noise = ['PageFile.sys', 'windows/TEMP/deep/x', 'Users/ann/AppData/Local/Temp/y', store];
    for (const name of noise) writeFileSync(join(folder, name), randomBytes(mebibyte));
    for (const name of ['kept.sys', 'Users/pagefile.sys'])
      writeFileSync(join(folder, name), randomBytes(mebibyte));
  });
  const found = await exclusionsOf(image.path, { ...noExclusionRules, presets: ['windows'] });
  assert.deepEqual([found.fileCount, found.fileBytes, found.notes], [4, 4 * mebibyte, []]);
  assertDoubt(
    await exclusionsOf(image.path, { ...noExclusionRules, isUnallocatedExcluded: true }),
    /shadow copies/,
  );
  // Marked to be checked: byte 10 of the value of $VOLUME_INFORMATION holds the flags.
  const bytes = readFileSync(image.path);
  const record = bytes.indexOf(
    Buffer.from('0301', 'hex'),
    bytes.readUInt32LE(0x30) * 4096 + 3 * 1024 + 0x38,
  );
  bytes.writeUInt16LE(1, record + 2);
  writeFileSync(image.path, bytes);
  assertDoubt(
    await exclusionsOf(image.path, { ...noExclusionRules, presets: ['windows'] }),
    /marked dirty/,
  );
});

test('a volume that was copied while it was mounted: its journal is replayed first, or nothing is excluded', async () => {
  for (const [maker, reason] of [
    [['mkfs.ext4', '-q', '-F', '-b', '4096'], undefined],
    [['mkfs.ext2', '-q', '-F', '-b', '4096'], /not cleanly unmounted/],
    [['mkfs.xfs', '-q', '--unsupported'], /not cleanly unmounted/],
  ] as const) {
    await using image = await DiskImage.make(16 * mebibyte, [...maker]);
    const copy = `${image.path}.copy`;
    await image.mounted([], (folder) => {
      writeScratch(folder);
      execFileSync('sync', ['-f', folder]);
      copyFileSync(image.path, copy);
    });
    const found = await exclusionsOf(copy, scratchRules);
    if (reason !== undefined) assertDoubt(found, reason);
    else assert.deepEqual([found.fileBytes, found.notes], [mebibyte, []]);
  }
});

test('one inode that cannot be read might own any block', async () => {
  await using image = await DiskImage.make(16 * mebibyte, ['mkfs.ext4', '-q', '-F', '-b', '4096']);
  await image.mounted([], writeScratch);
  assert.equal((await exclusionsOf(image.path, scratchRules)).fileBytes, mebibyte);
  const show = execFileSync('debugfs', ['-R', 'imap /kept', image.path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, block, offset] = /block (\d+), offset (0x[0-9a-f]+)/.exec(show) ?? [];
  const bytes = readFileSync(image.path);
  const blockBytes = 1024 << bytes.readUInt32LE(1024 + 24);
  bytes[Number(block) * blockBytes + Number(offset) + 0x28 + 30]! ^= 1;
  writeFileSync(image.path, bytes);
  assertDoubt(await exclusionsOf(image.path, scratchRules), /it is damaged: inode/);
});

test('partitions that overlap, and kinds that promise nothing, keep all', async () => {
  await using image = await DiskImage.make(24 * mebibyte, ['mkfs.vfat']);
  assertDoubt(await exclusionsOf(image.path, scratchRules), /is not told for certain by fat/);
  await using inner = await DiskImage.make(10 * mebibyte, ['mkfs.ext4', '-q', '-F', '-b', '4096']);
  await inner.mounted([], writeScratch);
  const bytes = Buffer.alloc(24 * mebibyte);
  readFileSync(inner.path).copy(bytes, mebibyte);
  writeFileSync(image.path, bytes);
  const table = (second: string): void => {
    const lines = ['label: dos', 'start=2048, size=20480, type=83', second];
    execFileSync('sfdisk', ['-q', '--force', image.path], {
      input: lines.join('\n'),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  };
  table('start=24576, size=20480, type=83');
  assert.equal((await exclusionsOf(image.path, scratchRules)).fileBytes, mebibyte);
  // sfdisk makes no partitions that overlap.
  const head = readFileSync(image.path);
  head.writeUInt32LE(4096, 0x1be + 16 + 8);
  writeFileSync(image.path, head);
  assertDoubt(await exclusionsOf(image.path, scratchRules), /it overlaps root\/2/);
});

test('while a system is hibernated on the disk, nothing of it is excluded', async () => {
  await using image = await DiskImage.make(24 * mebibyte, ['mkntfs', '-F', '-Q', '-q']);
  const rules = { ...noExclusionRules, isUnallocatedExcluded: true };
  const sleep = (word: string): Promise<void> =>
    image.mounted(['-t', 'ntfs-3g', '-o', 'remove_hiberfile'], (folder) =>
      writeFileSync(join(folder, 'hiberfil.sys'), Buffer.alloc(mebibyte, word)),
    );
  await sleep('wake');
  assert.deepEqual((await exclusionsOf(image.path, rules)).notes, []);
  await sleep('HIBR');
  assertDoubt(await exclusionsOf(image.path, rules), /a system hibernated to root/);
  const preset = { ...rules, presets: ['windows'] as const };
  assert.equal((await exclusionsOf(image.path, preset)).fileBytes, mebibyte);

  const swap = Buffer.alloc(8 * mebibyte);
  swap.writeUInt32LE(1, 1024);
  swap.writeUInt32LE(swap.length / 4096 - 1, 1028);
  const linux = { ...noExclusionRules, presets: ['linux'] as const };
  swap.write('SWAPSPACE2', 4086);
  writeFileSync(image.path, swap);
  assert.equal((await exclusionsOf(image.path, linux)).fileBytes, swap.length - 65_536);
  swap.write('S1SUSPEND\0', 4086);
  writeFileSync(image.path, swap);
  assertDoubt(await exclusionsOf(image.path, linux), /a system hibernated to root/);
});
