import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import type { ByteRange } from '../../src/filesystem/file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { python } from './python.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const imageBytes = 256 * 1024 * 1024;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const attributePrefixes = ['user.', 'system.posix_acl', 'security.', 'trusted.note'];

/** Ways to make and to mount a file system that change what lies on the disk. */
const layouts: readonly { readonly make: readonly string[]; readonly mount: string }[] = [
  { make: [], mount: 'compress=no' },
  { make: ['--csum', 'xxhash', '-O', '^no-holes', '-m', 'single'], mount: 'compress-force=zlib' },
  { make: ['--csum', 'sha256', '--nodesize', '4096'], mount: 'compress-force=lzo' },
  { make: ['--csum', 'blake2', '--nodesize', '65536', '-d', 'dup'], mount: 'compress-force=zstd' },
  { make: ['--mixed', '-O', '^extref,^skinny-metadata'], mount: 'max_inline=0,nodatasum' },
];

for (const { make, mount } of layouts) {
  test(`reads what the kernel wrote: mkfs.btrfs ${make.join(' ')}, ${mount}, seed ${seed}`, async () => {
    await using image = await DiskImage.make(imageBytes, ['mkfs.btrfs', '-q', ...make]);
    await image.mounted(['-o', mount], (folder) => {
      growTree(seededRandom(seed), folder, unixAbilities, {
        files: 70,
        directories: 12,
        contentBytesMax: 300_000,
      });
      python(makeHard, [folder]);
    });
    await image.read(async (fileSystem) => {
      await image.mounted(['-o', 'ro,subvolid=5'], async (folder) => {
        const counts = await compareTrees(fileSystem, folder, { attributePrefixes });
        assert(counts.files > 1000 && counts.links > 0 && counts.attributes > 50);
      });
      assert.match(fileSystem.summary.notes.join(), /a mount shows subvolume 25[0-9]/);
      await assertFileSystemConforms({ fileSystem, volumeBytes: imageBytes, unknownId: '5/9999' });
    });
  });
}

/** What random trees do not reach: subvolumes and snapshots, trees of several levels, content in many pieces, colliding and long attributes. */
const makeHard = `
import os, subprocess, sys
os.chdir(sys.argv[1])
run = lambda *words: subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
run('btrfs', 'subvolume', 'create', 'volume')
run('btrfs', 'subvolume', 'create', 'volume/inner')
name = lambda number: 'volume/%d-%s' % (number, 'n' * (number % 100))
for number in range(600): open(name(number), 'w').close()
with open('volume/pieces', 'wb') as pieces:
    for piece in range(400): os.pwrite(pieces.fileno(), bytes([1 + piece % 250]) * 100, piece * 8192)
with open('volume/text', 'wb') as text: text.write(b'some text that compresses, ' * 30000 + os.urandom(50000))
open('rich', 'w').close()
for number in range(50): os.setxattr('rich', 'user.n%d' % number, b'v' * number)
os.setxattr('rich', 'user.long', b'l' * 3000)
os.setxattr('rich', 'trusted.note', b't' * 100)
os.setxattr('rich', 'security.note', b's' * 10)
open('linked', 'w').close()
try:
  for number in range(300): os.link('linked', 'volume/../link%d-%s' % (number, 'l' * 200))
except OSError: pass  # Without extended references, what fits into one item is all.
with open('volume/inner/file', 'wb') as file: file.write(b'inner' * 1000)
run('btrfs', 'subvolume', 'snapshot', 'volume', 'snapshot')
os.rmdir('snapshot/inner')
run('btrfs', 'subvolume', 'snapshot', '-r', 'volume/inner', 'volume/frozen')
with open('volume/text', 'r+b') as text: os.pwrite(text.fileno(), b'changed', 200000)
for number in range(0, 600, 7): os.remove(name(number))
with open('unwritten', 'wb') as unwritten:
    os.posix_fallocate(unwritten.fileno(), 0, 1000000)
    os.pwrite(unwritten.fileno(), b'x' * 5000, 300000)
with open('short', 'wb') as short: short.write(b'small text, ' * 100)
run('btrfs', 'subvolume', 'create', 'gone')
run('btrfs', 'subvolume', 'delete', 'gone')
run('btrfs', 'subvolume', 'set-default', 'snapshot')
run('cp', '--reflink=auto', 'volume/text', 'shared')
`;

test('shows an empty directory where a snapshot does not hold the subvolume inside', async () => {
  await using image = await DiskImage.make(imageBytes, ['mkfs.btrfs', '-q']);
  await image.mounted([], (folder) => execFileSync('sh', ['-c', nestSubvolumes, 'sh', folder]));
  await image.read(async (fileSystem) => {
    const find = async (directory: string, name: string) =>
      (await fileSystem.find(directory, name))!.id;
    const inside = async (name: string) => find(await find(fileSystem.root, name), 'inner');
    assert.equal((await Array.fromAsync(fileSystem.list(await inside('outer')))).flat().length, 1);
    const empty = await inside('snapshot');
    assert.deepEqual((await Array.fromAsync(fileSystem.list(empty))).flat(), []);
    assert.equal((await fileSystem.status(empty)).kind, 'directory');
    assert.equal(await fileSystem.find(empty, 'file'), undefined);
    const outer = await find(fileSystem.root, 'outer');
    assert.equal(await fileSystem.find(outer, 'inner/'), undefined);
    await assertFileSystemConforms({ fileSystem, volumeBytes: imageBytes, unknownId: '900/256' });
  });
});

const nestSubvolumes = `
set -e; cd "$1"
for name in outer outer/inner; do btrfs subvolume create $name; done
echo content > outer/inner/file
btrfs subvolume snapshot outer snapshot
`;

test('reads the other copy of metadata and content that is damaged, and says so', async () => {
  const make = ['-q', '-m', 'dup', '-d', 'dup'];
  await using image = await DiskImage.make(imageBytes, ['mkfs.btrfs', ...make]);
  const content = Buffer.alloc(100_000, 'content');
  await image.mounted([], (folder) => writeFileSync(join(folder, 'file'), content));
  const places = await image.read(async (fileSystem) => {
    const found = await fileSystem.find(fileSystem.root, 'file');
    return fileSystem.ranges(found!.id);
  });
  // The superblock, both copies of the leaf, both copies of the content.
  assert.equal(places.length, 5);
  await damage(image.path, [places[1]!, places[3]!]);
  await image.read(async (fileSystem) => {
    const { id } = (await fileSystem.find(fileSystem.root, 'file'))!;
    const read = Buffer.alloc(content.length);
    await (await fileSystem.open(id)).read(read, 0);
    assert.deepEqual(read, content);
    const findings = await Array.fromAsync(fileSystem.check());
    assert.equal(findings[0]?.offsetBytes, places[1]!.offsetBytes);
    assert.equal(findings[0].severity, 'note');
  });
  await damage(image.path, [places[4]!]);
  await image.read(async (fileSystem) => {
    const { id } = (await fileSystem.find(fileSystem.root, 'file'))!;
    const file = await fileSystem.open(id);
    const isDamage = (error: unknown) =>
      isSecondwindError(error, 'FILE_SYSTEM_DAMAGED') && /inode 257, content/.test(error.message);
    await assert.rejects(async () => file.read(Buffer.alloc(content.length), 0), isDamage);
  });
});

async function damage(path: string, places: readonly ByteRange[]): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (const { offsetBytes } of places)
      await file.write(Buffer.from('broken'), 0, 6, offsetBytes + 300);
  } finally {
    await file.close();
  }
}
