import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { tool } from '../nbd/served.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { growTree, type TreeAbilities } from './random-tree.ts';

const mebibyte = 2 ** 20;

/** What ntfs-3g keeps without a table of users; devices and streams have tests of their own. */
const abilities: TreeAbilities = {
  names: 'windows',
  hasModes: false,
  hasLinks: true,
  hasHardLinks: true,
  hasDevices: false,
  hasHoles: true,
  hasAttributes: false,
  hasAcls: false,
};

const layouts: readonly { words: readonly string[]; sizeBytes: number }[] = [
  { words: ['-c', '512'], sizeBytes: 40 * mebibyte },
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
        files: 60,
        directories: 8,
        contentBytesMax: 200_000,
      }),
    );
    await image.mounted(['-t', 'ntfs-3g', '-o', 'ro'], (folder) =>
      image.read(async (fileSystem) => {
        await compare(fileSystem, folder);
        assert.deepEqual(await walkedPaths(fileSystem), await sleuthkitPaths(image.path));
        await assertFileSystemConforms({ fileSystem, volumeBytes: sizeBytes, unknownId: '999999' });
      }),
    );
  });
}

async function compare(fileSystem: FileSystem, folder: string): Promise<void> {
  const counts = await compareTrees(fileSystem, folder, {
    skipsOwners: true,
    skipsDirectorySizes: true,
    attributePrefixes: [],
  });
  assert(counts.files > 30 && counts.directories === 8);
}

/** Every path as a walk tells it: names joined with those of the directories above. */
async function walkedPaths(fileSystem: FileSystem): Promise<readonly string[]> {
  const walked = (await Array.fromAsync(fileSystem.walk())).flat();
  const directories = new Map(walked.map((file) => [file.status.id, file]));
  const pathOf = (id: string): string => {
    const directory = directories.get(id);
    return directory === undefined ? '' : `${pathOf(directory.parent)}${directory.name}/`;
  };
  return walked.map(({ parent, name }) => pathOf(parent) + name).toSorted();
}

/** The same as sleuthkit finds them, without the files of the file system itself. */
async function sleuthkitPaths(path: string): Promise<readonly string[]> {
  const lines = (await tool('fls', '-r', '-p', '-u', path)).trimEnd().split('\n');
  const paths = lines.map((line) => line.slice(line.indexOf('\t') + 1));
  return paths.filter((found) => !found.startsWith('$')).toSorted();
}
