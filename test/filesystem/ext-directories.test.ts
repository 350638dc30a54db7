import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { tool } from '../nbd/served.ts';
import { DiskImage } from './disk-image.ts';

/** So many names of this length make a hash tree of three levels where blocks have 1 KiB. */
const manyNames = Array.from(
  { length: 1500 },
  (_, n) => `${'ü'.repeat(n % 90)}${'n'.repeat(60)}${n}`,
);
const makers = ['mkfs.ext4', '-q', '-F', '-b', '1024', '-N', '8000'] as const;

/** Makes empty files, many at a time. */
function touchAll(folder: string, names: readonly string[]): void {
  mkdirSync(folder);
  execFileSync('xargs', ['-0', 'touch'], { cwd: folder, input: names.join('\0') });
}

/** How many of the names are found; those that lie in damaged blocks are not. */
async function foundCount(fileSystem: FileSystem, directory: string): Promise<number> {
  let count = 0;
  for (const name of manyNames) {
    try {
      if ((await fileSystem.find(directory, name))?.name === name) count += 1;
    } catch (error) {
      assert(isSecondwindError(error, 'FILE_SYSTEM_DAMAGED'));
    }
  }
  return count;
}

for (const method of ['legacy', 'half_md4', 'tea']) {
  test(`finds every name of a large directory by its hash tree of kind ${method}`, async () => {
    await using image = await DiskImage.make(12 * 2 ** 20, makers);
    await tool('tune2fs', '-E', `hash_alg=${method}`, image.path);
    await image.mounted([], (folder) => touchAll(join(folder, 'large'), manyNames));
    const { id, places } = await image.read(async (fileSystem) => {
      const entry = await fileSystem.find(fileSystem.root, 'large');
      assert.equal(await foundCount(fileSystem, entry!.id), manyNames.length);
      assert.equal(await fileSystem.find(entry!.id, 'no such name'), undefined);
      return { id: entry!.id, places: await fileSystem.ranges(entry!.id) };
    });
    const bytes = readFileSync(image.path);
    // Whoever read the directory from its start would find nothing behind the second block any more, nor by a list.
    const first = places.find(({ lengthBytes }) => lengthBytes > 2048)!;
    bytes[first.offsetBytes + 1024 + 100]! ^= 1;
    writeFileSync(image.path, bytes);
    await image.read(async (fileSystem) => {
      const count = await foundCount(fileSystem, id);
      assert(count < manyNames.length && count > manyNames.length - 40, `${count} were found`);
      await assert.rejects(() => Array.fromAsync(fileSystem.list(id)), /checksum/);
    });
  });
}

test('shows the names of what is encrypted, and refuses its content', async () => {
  await using image = await DiskImage.make(4 * 2 ** 20, [...makers, '-O', 'encrypt']);
  await image.mounted([], (folder) => writeFileSync(join(folder, 'secret'), 'x'));
  await tool('debugfs', '-w', '-R', 'set_inode_field secret flags 0x80800', image.path);
  await image.read(async (fileSystem) => {
    const entry = await fileSystem.find(fileSystem.root, 'secret');
    assert.deepEqual((await fileSystem.status(entry!.id)).flags, ['encrypted']);
    await assert.rejects(fileSystem.open(entry!.id), (error) =>
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE'),
    );
  });
});
