import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, type TreeAbilities } from './random-tree.ts';

const mebibyte = 2 ** 20;

/** What ntfs-3g keeps without a table of users; it makes up owners, and devices have a test of their own. */
const abilities: TreeAbilities = {
  names: 'windows',
  hasModes: false,
  hasLinks: true,
  hasHardLinks: true,
  hasDevices: false,
  hasHoles: true,
  hasAttributes: true,
  hasAcls: false,
};

const layouts: readonly { words: readonly string[]; sizeBytes: number }[] = [
  { words: ['-c', '512'], sizeBytes: 40 * mebibyte },
  { words: ['-c', '4096', '-L', 'Läbel'], sizeBytes: 40 * mebibyte },
  { words: ['-c', '65536'], sizeBytes: 120 * mebibyte },
  { words: ['-s', '4096'], sizeBytes: 40 * mebibyte },
];

for (const { words, sizeBytes } of layouts) {
  test(`shows what ntfs-3g shows of a volume made with ${words.join(' ')}`, async (context) => {
    const seed = Date.now() % 1_000_000;
    context.diagnostic(`seed ${seed}`);
    await using image = await DiskImage.make(sizeBytes, ['mkntfs', '-F', '-Q', '-q', ...words]);
    await image.mounted(['-t', 'ntfs-3g'], (folder) =>
      growTree(seededRandom(seed), folder, abilities, {
        files: 120,
        directories: 12,
        contentBytesMax: 200_000,
      }),
    );
    await image.mounted(['-t', 'ntfs-3g', '-o', 'ro'], (folder) =>
      image.read(async (fileSystem) => {
        await compare(fileSystem, folder);
        await assertFileSystemConforms({ fileSystem, volumeBytes: sizeBytes, unknownId: '999999' });
      }),
    );
  });
}

async function compare(fileSystem: FileSystem, folder: string): Promise<void> {
  const counts = await compareTrees(fileSystem, folder, {
    skipsOwners: true,
    skipsDirectorySizes: true,
    // ntfs-3g shows streams as attributes.
    attributePrefixes: [],
  });
  assert(counts.files > 60 && counts.directories === 12 && counts.links > 0);
}
