import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import type { FileSystem, Finding } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { type ComparisonOptions, compareTrees } from './compare-trees.ts';
import { DiskFiles } from './disk-files.ts';
import { makeFat, SourceTree, utcEnvironment } from './fat-image.ts';

const mebi = 2 ** 20;
const seed = Number(process.env['SEED'] ?? 20261125);
const small = { files: 60, directories: 8, contentBytesMax: 100_000 };

const comparison: ComparisonOptions = {
  skipsOwners: true,
  skipsLinkCounts: true,
  skipsDirectorySizes: true,
  timeStepMicros: 2_000_000,
  attributePrefixes: [],
};

const layouts: readonly (readonly [string, number, readonly string[]])[] = [
  ['fat12', 4, ['-F', '12', '-n', 'TWELVE']],
  ['fat12', 8, ['-F', '12', '-s', '8', '-S', '1024', '-f', '1']],
  ['fat16', 32, ['-F', '16', '-n', 'SIXTEEN']],
  ['fat16', 64, ['-F', '16', '-s', '16', '-r', '1024']],
  ['fat32', 64, ['-F', '32', '-n', 'THIRTY TWO', '-i', 'cafe1234']],
  ['fat32', 280, ['-F', '32', '-S', '4096', '-s', '1', '-R', '2']],
];

for (const [kind, mebibytes, words] of layouts) {
  test(`${kind} made with ${words.join(' ')} reads as it was written (seed ${seed})`, async () => {
    using source = new SourceTree(seededRandom(seed + mebibytes), small).withoutPairs();
    await using image = await makeFat(source, mebibytes * mebi, words);
    await image.read(async (fileSystem) => {
      assert.equal(fileSystem.summary.kind, kind);
      const at = words.indexOf('-n');
      assert.equal(fileSystem.summary.label, at === -1 ? '' : words[at + 1]);
      if (words.includes('-i')) assert.equal(fileSystem.summary.uuid, 'CAFE-1234');
      const counts = await compareTrees(fileSystem, source.folder, comparison);
      assert.equal(counts.files, small.files);
      assert.equal(fileSystem.summary.freeBytes, mtoolsFreeBytes(image.path));
      const volumeBytes = mebibytes * mebi;
      await assertFileSystemConforms({ fileSystem, volumeBytes, unknownId: '99999999999' });
    });
  });
}

function mtoolsFreeBytes(path: string): number {
  const text = execFileSync('mdir', ['-i', path, '::'], { encoding: 'utf8', env: utcEnvironment });
  return Number(/([\d ]+) bytes free/.exec(text)![1]!.replaceAll(' ', ''));
}

test(`names with characters of two units read as they were written (seed ${seed})`, async () => {
  using source = new SourceTree(seededRandom(seed), small);
  await using files = new DiskFiles();
  const path = join(files.folder, 'floppy.img');
  const words = [
    '-U',
    '-',
    'floppy',
    source.folder,
    'label=ELEPHANTS',
    '--run',
    `nbdcopy "$uri" ${path}`,
  ];
  execFileSync('nbdkit', words, { env: utcEnvironment });
  const [volume] = await files.volumes({ sda: path });
  assert.equal(volume?.address, 'sda/1');
  const fileSystem = await openFileSystem(volume.disk);
  assert(fileSystem !== undefined);
  assert.equal(fileSystem.summary.label, 'ELEPHANTS');
  await compareTrees(fileSystem, source.folder, comparison);
});

test('short names, lower case, deleted files, volumes in use and flags are as sleuthkit and mtools have them', async () => {
  using source = new SourceTree(seededRandom(seed), {
    files: 1,
    directories: 0,
    contentBytesMax: 10,
  });
  for (const name of [
    'lower.txt',
    'UPPER.TXT',
    'Mixed.Txt',
    'low.TXT',
    'gone',
    'Grün.txt',
    '+long name, with.dots.txt',
  ]) {
    writeFileSync(join(source.folder, name), name);
  }
  await using image = await makeFat(source, 8 * mebi, ['-F', '16', '-s', '1']);
  execFileSync('mdel', ['-i', image.path, '::gone']);
  execFileSync('mattrib', ['-i', image.path, '+h', '+r', '::UPPER.TXT']);
  await image.read(async (fileSystem) => {
    const names = await namesIn(fileSystem);
    const listed = execFileSync('fls', ['-u', '-p', '-f', 'fat16', image.path], {
      encoding: 'utf8',
    });
    const theirs = listed
      .split('\n')
      .filter((line) => /^[rd]\/[rd] /.test(line))
      .map((line) => line.split('\t')[1]!);
    assert.deepEqual(names.toSorted(), theirs.toSorted());
    assert(names.includes('lower.txt') && names.includes('UPPER.TXT') && names.includes('low.TXT'));
    const found = await fileSystem.find(fileSystem.root, 'upper.txt');
    assert.deepEqual((await fileSystem.status(found!.id)).flags, ['read-only', 'hidden']);
    const alias = await fileSystem.find(fileSystem.root, '_longn~1.txt');
    assert.equal(alias?.name, '+long name, with.dots.txt');
    assert.equal(await fileSystem.find(fileSystem.root, 'gone'), undefined);
  });
});

async function namesIn(fileSystem: FileSystem): Promise<string[]> {
  const names: string[] = [];
  for await (const batch of fileSystem.list(fileSystem.root))
    names.push(...batch.map(({ name }) => name));
  return names;
}

test('a link that is lost in the first table is taken from the second', async () => {
  using source = new SourceTree(seededRandom(seed), {
    files: 1,
    directories: 0,
    contentBytesMax: 10,
  });
  const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index & 0xff));
  writeFileSync(join(source.folder, 'long.bin'), content);
  await using image = await makeFat(source, 8 * mebi, ['-F', '16', '-s', '1']);
  const bytes = readFileSync(image.path);
  const table = bytes.readUInt16LE(14) * 512;
  bytes.fill(0, table + 4, table + 100);
  writeFileSync(image.path, bytes);
  await image.read(async (fileSystem) => {
    const entry = await fileSystem.find(fileSystem.root, 'long.bin');
    const disk = await fileSystem.open(entry!.id);
    const read = Buffer.alloc(disk.sizeBytes);
    await disk.read(read, 0);
    assert(read.equals(content));
    const findings: Finding[] = await Array.fromAsync(fileSystem.check());
    assert.match(findings[0]!.structure, /file allocation table 2/);
  });
});
