import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { tool } from '../nbd/served.ts';
import { DiskImage } from './disk-image.ts';

// Kernels are built without version 4 and without case folding today, so mkfs fills these images itself, from a list.

const imageBytes = 320 * 1024 * 1024;
const crowdCount = 1200;
/** In version 4 it takes blocks of its own; in version 5 mkfs would leave out their heads. */
const longTarget = (layout: readonly string[]): string =>
  'long/'.repeat(layout.includes('crc=0') ? 150 : 60);

const layouts: readonly (readonly string[])[] = [
  ['-m', 'crc=0', '-n', 'ftype=0'],
  ['-m', 'crc=0', '-n', 'ftype=1,size=8192', '-b', 'size=512', '-i', 'size=256'],
  ['-m', 'crc=0', '-n', 'version=ci'],
  ['-n', 'version=ci'],
];

for (const layout of layouts) {
  test(`reads what mkfs wrote: mkfs.xfs with ${layout.join(' ')}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secondwind-xfs-'));
    try {
      const list = writeList(folder, longTarget(layout));
      await using image = await DiskImage.make(imageBytes, [
        'mkfs.xfs',
        '-q',
        ...layout,
        '-p',
        list,
      ]);
      await image.read(async (fileSystem) => {
        assert.equal(await targetOf(fileSystem, 'far'), longTarget(layout));
        await assertTree(fileSystem, readFileSync(list), layout.includes('version=ci'));
        await assertFileSystemConforms({ fileSystem, volumeBytes: imageBytes, unknownId: '9' });
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** A prototype file as mkfs takes it; it is also the content of the one file with content. */
function writeList(folder: string, far: string): string {
  const list = join(folder, 'list');
  const crowd = Array.from(
    { length: crowdCount },
    (_, number) => ` ${crowdName(number)} p--600 0 0`,
  );
  const lines = [
    '/dev/null',
    '0 0',
    'd--755 0 0',
    `content -u-640 3 70000 ${list}`,
    'device b--600 0 0 7 9',
    'link l--777 0 0 short/target',
    `far l--777 0 0 ${far}`,
    'crowd d--755 1 2',
    ...crowd,
    '$',
    '$',
  ];
  writeFileSync(list, `${lines.join('\n')}\n`);
  return list;
}

function crowdName(number: number): string {
  return `Name-${number}-${'n'.repeat(number % 50)}`;
}

async function assertTree(
  fileSystem: FileSystem,
  content: Buffer,
  isFolding: boolean,
): Promise<void> {
  const idOf = async (name: string) => (await fileSystem.find(fileSystem.root, name))!.id;
  const file = await fileSystem.status(await idOf('content'));
  const expected = { kind: 'file', mode: 0o4640, uid: 3, gid: 70_000, sizeBytes: content.length };
  assert.deepEqual({ ...file, ...expected }, file);
  const read = Buffer.alloc(content.length);
  await (await fileSystem.open(file.id)).read(read, 0);
  assert.deepEqual(read, content);
  assert.deepEqual((await fileSystem.status(await idOf('device'))).device, { major: 7, minor: 9 });
  assert.equal(await targetOf(fileSystem, 'link'), 'short/target');
  await assertCrowd(fileSystem, await idOf('crowd'), isFolding);
}

async function targetOf(fileSystem: FileSystem, name: string): Promise<string> {
  return fileSystem.readLink((await fileSystem.find(fileSystem.root, name))!.id);
}

async function assertCrowd(fileSystem: FileSystem, crowd: string, isFolding: boolean) {
  const names = (await Array.fromAsync(fileSystem.list(crowd))).flat().map(({ name }) => name);
  const expected = Array.from({ length: crowdCount }, (_, number) => crowdName(number));
  assert.deepEqual(names.toSorted(), expected.toSorted());
  for (const name of expected) {
    assert.equal((await fileSystem.find(crowd, name))?.name, name);
    const folded = await fileSystem.find(crowd, name.toUpperCase());
    assert.equal(folded?.name, isFolding ? name : undefined);
  }
}

test('reads attributes of version 4 that xfs_db set', async () => {
  await using image = await DiskImage.make(imageBytes, ['mkfs.xfs', '-q', '-m', 'crc=0']);
  const lengths = [10, 200, 3000, 20_000, 60_000];
  const commands = lengths.flatMap((length) => ['-c', `attr_set -u -v ${length} note${length}`]);
  await tool('xfs_db', '-x', '-c', 'sb 0', '-c', 'addr rootino', ...commands, image.path);
  await image.read(async (fileSystem) => {
    const found = await fileSystem.attributes(fileSystem.root);
    const sizes = found.map(({ name, value }) => `${name} ${value.length}`);
    const expected = lengths.map((length) => `user.note${length} ${length}`);
    assert.deepEqual(sizes.toSorted(), expected.toSorted());
  });
});
