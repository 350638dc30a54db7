import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { python } from './python.ts';
import { growTree, unixAbilities } from './random-tree.ts';

const imageBytes = 320 * 1024 * 1024;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const attributePrefixes = ['user.', 'system.posix_acl', 'security.', 'trusted.note'];

/** Ways to make a file system that change what lies on the disk. */
const layouts: readonly (readonly string[])[] = [
  [],
  ['-b', 'size=1024', '-m', 'reflink=0,finobt=0,bigtime=0', '-n', 'size=8192', '-i', 'sparse=0'],
  ['-b', 'size=2048', '-i', 'size=1024,nrext64=1', '-m', 'rmapbt=1', '-n', 'size=65536'],
  ['-b', 'size=16384', '-s', 'size=4096', '-i', 'size=2048', '-d', 'agcount=3'],
];

for (const layout of layouts) {
  const words = layout.join(' ') || 'nothing special';
  test(`reads what the kernel wrote: mkfs.xfs with ${words}, seed ${seed}`, async () => {
    await using image = await DiskImage.make(imageBytes, ['mkfs.xfs', '-q', ...layout]);
    await image.mounted([], (folder) => {
      growTree(seededRandom(seed), folder, unixAbilities, {
        files: 80,
        directories: 15,
        contentBytesMax: 400_000,
      });
      python(makeHard, [folder]);
    });
    await image.read(async (fileSystem) => {
      await image.mounted(['-o', 'ro'], async (folder) => {
        const counts = await compareTrees(fileSystem, folder, { attributePrefixes });
        assert(counts.files > 1000 && counts.links > 0 && counts.attributes > 300);
      });
      assert.deepEqual(fileSystem.summary.notes, []);
      await assertFileSystemConforms({
        fileSystem,
        volumeBytes: imageBytes,
        unknownId: '999999',
      });
    });
  });
}

/** What random trees do not reach: indexes of several levels, content in thousands of pieces, long attributes. */
const makeHard = `
import os, sys
os.chdir(sys.argv[1])
os.mkdir('crowd')
name = lambda number: 'crowd/%d-%s' % (number, 'n' * (number % 100))
open('crowded', 'w').close()
for number in range(1300): os.link('crowded', name(number))
for number in range(0, 1300, 7): os.remove(name(number))
block = os.statvfs('.').f_bsize
with open('pieces', 'wb') as pieces:
    for piece in range(1500 if block < 16384 else 1100): os.pwrite(pieces.fileno(), bytes([1 + piece % 250]) * 100, piece * 2 * block)
open('rich', 'w').close()
for number in range(300): os.setxattr('rich', 'user.n%d' % number, b'v' * number)
os.setxattr('rich', 'user.long', b'l' * 40000)
os.setxattr('rich', 'trusted.note', b't' * 3000)
os.setxattr('rich', 'security.note', b's' * 10)
unwritten = os.open('unwritten', os.O_CREAT | os.O_RDWR)
os.posix_fallocate(unwritten, 0, 1000000)
os.pwrite(unwritten, b'x' * 5000, 300000)
os.system('setfacl -d -m u:5:rwx crowd; cp --reflink=auto pieces shared')
`;

test(`tells that a volume crashed, and reads it as a mount without replay does, seed ${seed}`, async () => {
  await using image = await DiskImage.make(imageBytes, ['mkfs.xfs', '-q']);
  const size = { files: 30, directories: 5, contentBytesMax: 10_000 };
  await image.mounted([], (folder) => growTree(seededRandom(seed), folder, unixAbilities, size));
  await image.mounted([], (folder) => {
    execFileSync('sh', ['-c', 'mkdir "$1/later"; echo later > "$1/later/file"', 'sh', folder]);
    execFileSync('xfs_io', ['-x', '-c', 'shutdown -f', folder]);
  });
  await image.read(async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /not cleanly unmounted/);
    const used = (await Array.fromAsync(fileSystem.allocated())).flat();
    assert.deepEqual(used, [{ offsetBytes: 0, lengthBytes: imageBytes }]);
    await image.mounted(['-o', 'ro,norecovery'], async (folder) => {
      const counts = await compareTrees(fileSystem, folder, { attributePrefixes });
      assert(counts.files > 10);
    });
  });
  await image.mounted([], () => {});
  await image.read(async (fileSystem) => assert.deepEqual(fileSystem.summary.notes, []));
});
