import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, unixAbilities } from './random-tree.ts';

/** Every option of mke2fs that changes where or how something lies. */
const layouts: Readonly<Record<string, readonly string[]>> = {
  'ext4 as it comes': ['-t', 'ext4'],
  'ext2, 1 KiB blocks': ['-t', 'ext2', '-b', '1024'],
  ext3: ['-t', 'ext3'],
  'ext4, 1 KiB blocks, no checksums': [
    '-t',
    'ext4',
    '-b',
    '1024',
    '-O',
    '^metadata_csum,uninit_bg',
  ],
  'ext4, inline data, 1 KiB inodes': ['-t', 'ext4', '-I', '1024', '-O', 'inline_data'],
  'ext4, inline data, meta groups, 1 KiB': [
    '-t',
    'ext4',
    '-b',
    '1024',
    '-O',
    'inline_data,meta_bg,^resize_inode',
  ],
  'ext4, clusters': ['-t', 'ext4', '-O', 'bigalloc', '-C', '16384'],
  'ext4, old inodes, no types': ['-t', 'ext4', '-I', '128', '-O', '^filetype,^64bit,^flex_bg'],
  'ext4, seed, two copies, attribute inodes': [
    '-t',
    'ext4',
    '-b',
    '2048',
    '-O',
    'metadata_csum_seed,sparse_super2,ea_inode,large_dir,^resize_inode',
  ],
};

for (const [name, words] of Object.entries(layouts)) {
  test(`reads ${name} as the kernel does`, async () => {
    const seed = randomInt(2 ** 32);
    await using image = await DiskImage.make(96 * 2 ** 20, ['mkfs.ext4', '-q', '-F', ...words]);
    await image.mounted([], (folder) => {
      const size = { files: 120, directories: 20, contentBytesMax: 3_000_000 };
      growTree(seededRandom(seed), folder, unixAbilities, size);
    });
    const message = `seed ${seed}`;
    await image
      .mounted(['-o', 'ro'], (folder) =>
        image.read(async (fileSystem) => {
          const counts = await compareTrees(fileSystem, folder);
          assert(counts.files > 50, message);
          await assertFileSystemConforms({
            fileSystem,
            volumeBytes: 96 * 2 ** 20,
            unknownId: '99999999',
          });
        }),
      )
      .catch((error: unknown) => {
        throw new Error(message, { cause: error });
      });
  });
}
