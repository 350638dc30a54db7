import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { dosAbilities } from './fat-image.ts';
import { growTree } from './random-tree.ts';

const mebi = 2 ** 20;
const seed = Number(process.env['SEED'] ?? 20261125);
const abilities = { ...dosAbilities, hasHoles: true };
const driver = ['-t', 'exfat-fuse', '-o', 'loop'] as const;
const readOnly = ['-t', 'exfat-fuse', '-o', 'loop,ro'] as const;

// The driver in user space writes times in the zone of its own, and takes them back with it.
process.env['TZ'] = 'UTC';

const layouts: readonly (readonly [number, readonly string[]])[] = [
  [32, ['-n', 'Größe']],
  [16, ['-c', '512']],
  [64, ['-c', '128K']],
];

for (const [mebibytes, words] of layouts) {
  test(`exFAT made with ${words.join(' ')} reads as its driver shows it (seed ${seed})`, async () => {
    await using image = await DiskImage.make(mebibytes * mebi, ['mkfs.exfat', ...words]);
    const size = { files: 60, directories: 8, contentBytesMax: 200_000 };
    await image.mounted(driver, (folder) => {
      growTree(seededRandom(seed + mebibytes), folder, abilities, size);
      fragment(folder);
    });
    await image.read(async (fileSystem) => {
      assert.equal(fileSystem.summary.label, words[0] === '-n' ? words[1] : '');
      const counts = await image.mounted(readOnly, (folder) =>
        compareTrees(fileSystem, folder, {
          skipsOwners: true,
          skipsLinkCounts: true,
          timeStepMicros: 1_000_000,
          attributePrefixes: [],
        }),
      );
      assert(counts.files > 60);
      const volumeBytes = mebibytes * mebi;
      await assertFileSystemConforms({ fileSystem, volumeBytes, unknownId: '99999999999' });
    });
  });
}

/** Files that grow in turns, and into the space of one that was deleted, lie in pieces. */
function fragment(folder: string): void {
  writeFileSync(join(folder, 'gap'), Buffer.alloc(300_000, 1));
  const files = ['left', 'right'].map((name) => openSync(join(folder, name), 'w'));
  rmSync(join(folder, 'gap'));
  for (let turn = 0; turn < 20; turn += 1) {
    for (const file of files) writeSync(file, Buffer.alloc(9000 + turn, turn));
  }
  for (const file of files) closeSync(file);
}

test('a damaged boot sector is read from its copy; names are found whatever their case', async () => {
  await using image = await DiskImage.make(16 * mebi, ['mkfs.exfat']);
  await image.mounted(driver, (folder) => writeFileSync(join(folder, 'Ärger.TXT'), 'x'));
  const bytes = readFileSync(image.path);
  bytes[113]! ^= 1;
  writeFileSync(image.path, bytes);
  await image.read(async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /the copy was used/);
    assert.equal((await fileSystem.find(fileSystem.root, 'äRGER.txt'))?.name, 'Ärger.TXT');
  });
});

test('a set of entries whose checksum does not fit is told, and shown', async () => {
  await using image = await DiskImage.make(16 * mebi, ['mkfs.exfat']);
  await image.mounted(driver, (folder) => writeFileSync(join(folder, 'name'), 'x'));
  const bytes = readFileSync(image.path);
  const at = await image.read(async (fileSystem) =>
    Number((await fileSystem.find(fileSystem.root, 'name'))!.id),
  );
  bytes[at + 4]! ^= 1;
  writeFileSync(image.path, bytes);
  await image.read(async (fileSystem) => {
    const findings = await Array.fromAsync(fileSystem.check());
    assert.deepEqual(
      findings.map(({ reason }) => reason),
      ['its checksum does not fit'],
    );
    assert((await fileSystem.find(fileSystem.root, 'name')) !== undefined);
  });
});
