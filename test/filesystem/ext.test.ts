import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import {
  closeSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 32));
const volumeBytes = 80 * 2 ** 20;
const treeSize = { files: 24, directories: 6, contentBytesMax: 400_000 };

/** Every option of mke2fs that changes where or how something lies is in one of them. */
const layouts: Readonly<Record<string, readonly string[]>> = {
  'ext4 as it comes': ['-t', 'ext4'],
  'ext2, 1 KiB blocks': ['-t', 'ext2', '-b', '1024'],
  'ext3, old inodes, no types': ['-t', 'ext3', '-I', '128', '-O', '^filetype'],
  'ext4 without its newer forms, 1 KiB blocks': [
    ...['-t', 'ext4', '-b', '1024'],
    ...['-O', '^metadata_csum,uninit_bg,^64bit,^flex_bg'],
  ],
  'ext4, inline data, meta groups, 2 KiB blocks': [
    ...['-t', 'ext4', '-b', '2048', '-I', '512', '-O', 'inline_data,meta_bg,^resize_inode'],
  ],
  'ext4, clusters, seed, two copies, attribute inodes': [
    ...['-t', 'ext4', '-C', '16384'],
    ...['-O', 'bigalloc,metadata_csum_seed,sparse_super2,ea_inode,large_dir,^resize_inode'],
  ],
};

for (const [name, words] of Object.entries(layouts)) {
  test(`reads ${name} as the kernel does (SEED=${seed})`, async () => {
    await using image = await DiskImage.make(volumeBytes, ['mkfs.ext4', '-q', '-F', ...words]);
    await image.mounted([], (folder) => {
      growTree(seededRandom(seed), folder, unixAbilities, treeSize);
      addExtremes(folder, words);
    });
    await image.mounted(['-o', 'ro'], (folder) =>
      image.read(async (fileSystem) => {
        const counts = await compareTrees(fileSystem, folder);
        assert(counts.files > 10 && counts.attributes > 0);
        await assertFileSystemConforms({ fileSystem, volumeBytes, unknownId: '99999999' });
      }),
    );
  });
}

/** What random trees do not reach: times that need more than 32 bits, and blocks that need three levels of block numbers. */
function addExtremes(folder: string, words: readonly string[]): void {
  const late = words.includes('128') ? 2_000_000_000 : 7_000_000_000.25;
  writeFileSync(join(folder, 'late'), '');
  lutimesSync(join(folder, 'late'), late, late);
  writeFileSync(join(folder, 'early'), '');
  lutimesSync(join(folder, 'early'), -1_500_000_000, -1_500_000_000);
  const far = openSync(join(folder, 'far'), 'w');
  // Blocks of block numbers in three levels begin behind 64 MiB, where blocks have 1 KiB.
  for (const mebibytes of words.includes('ext2') ? [1, 9, 72] : [1, 9]) {
    writeSync(far, 'far', mebibytes * 2 ** 20);
  }
  closeSync(far);
}

test('reads blocks of 64 KiB, which this kernel does not mount', async () => {
  const source = mkdtempSync(join(tmpdir(), 'secondwind-ext-'));
  try {
    mkdirSync(join(source, 'tree'));
    const abilities = { ...unixAbilities, hasAttributes: false, hasAcls: false };
    growTree(seededRandom(seed), join(source, 'tree'), abilities, treeSize);
    const words = ['-t', 'ext4', '-b', '65536', '-O', '^has_journal', '-d', source] as const;
    await using image = await DiskImage.make(volumeBytes, ['mkfs.ext4', '-q', '-F', ...words]);
    await image.read(async (fileSystem) => {
      const options = {
        hiddenAtRoot: ['lost+found'],
        skipsDirectorySizes: true,
        timeStepMicros: 1_000_000,
      };
      const counts = await compareTrees(fileSystem, source, options);
      assert(counts.files > 10, `SEED=${seed}`);
    });
  } finally {
    rmSync(source, { recursive: true });
  }
});
