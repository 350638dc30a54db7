import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { assertFileSystemConforms } from '../../src/testing/file-system-conformance.ts';
import { tool } from '../nbd/served.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { python } from './python.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const imageBytes = 128 * 2 ** 20;

/** Random changes, some of them synced, behind a commit: what a busy machine leaves behind when its power goes. */
const work = `
import ctypes, os, random, sys
os.chdir(sys.argv[1])
random.seed(int(sys.argv[2]))
here = os.open('.', os.O_RDONLY)
commit = lambda: ctypes.CDLL(None).syncfs(here)
names = lambda: ['%s/%s' % (folder, name) for folder in folders for name in sorted(os.listdir(folder)) if not os.path.isdir('%s/%s' % (folder, name))]
folders = ['.', 'a', 'b', 'a/c', 'volume']
for folder in folders[1:4]: os.mkdir(folder)
def content(): return os.urandom(random.choice([10, 3000, 4096, 20000, 150000])) if random.random() < .6 else b'text ' * random.randrange(20000)
def sync(path):
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    os.fsync(file)
    os.close(file)
count = 0
def new():
    global count
    count += 1
    return '%s/%d%s' % (random.choice(folders), count, 'n' * random.choice([1, 30, 200]))
def write(path):
    with open(path, 'r+b' if os.path.exists(path) else 'wb') as file:
        file.seek(random.choice([0, 0, 100, 8192, 300000]))
        file.write(content())
        if random.random() < .2: file.truncate(random.choice([0, 5000, 100000]))
for number in range(40): write(new())
for path in names()[::4]: os.setxattr(path, 'user.old', b'o' * random.randrange(50))
os.mkdir('gone'); open('gone/inside', 'w').close()
commit()
def change():
    path = random.choice(names())
    kind = random.randrange(15)
    if kind < 4: write(path)
    elif kind == 4: path = new(); write(path)
    elif kind in (5, 6):
        other = new()
        if ('volume' in path) != ('volume' in other): return
        if kind == 5: os.rename(path, other); path = other
        else: os.link(path, other)
    elif kind == 7 and len(names()) > 20: os.remove(path); return
    elif kind == 8: os.setxattr(path, 'user.new', os.urandom(random.randrange(60)))
    elif kind == 9 and 'user.old' in os.listxattr(path): os.removexattr(path, 'user.old')
    elif kind == 10: os.chmod(path, random.randrange(0o1000) | 0o400); os.utime(path, (1e9, 1e9 + count))
    elif kind == 11:
        file = os.open(path, os.O_RDWR)
        try: os.posix_fallocate(file, random.randrange(100000), 50000)
        finally: os.close(file)
    elif kind == 12: path = new(); os.mkdir(path); folders.append(path)
    elif kind == 13:
        other = random.choice(names())
        if ('volume' in path) == ('volume' in other): os.replace(path, other); path = other
    elif kind == 14 and len(folders) > 5:
        path = new()
        if not path.startswith(('volume/', folders[-1] + '/')) and not folders[-1].startswith('volume/') and all(not other.startswith(folders[-1] + '/') for other in folders):
            os.rename(folders[-1], path); folders[-1] = path
        else: return
    if random.random() < .6: sync(path)
for number in range(int(sys.argv[3])): change()
if random.random() < .5: os.remove('gone/inside'); os.rmdir('gone')
for folder in random.sample(folders, 2): sync(folder)
# Where a log cannot tell what happened, the first of these commits; then the second is logged.
for number in range(2):
    with open('last', 'ab') as last: last.write(b'synced'); last.flush(); os.fsync(last.fileno())
    write('last')
for number in range(5): write(random.choice(names()))
`;

const layouts = [
  { make: [], mount: 'compress=no' },
  { make: ['--csum', 'xxhash', '-O', '^no-holes', '-n', '4096'], mount: 'compress-force=zstd' },
  { make: ['--mixed', '-O', '^extref'], mount: 'nodatasum,max_inline=0' },
];

for (const [index, { make, mount }] of layouts.entries()) {
  test(`reads what was synced before the power went as the kernel does: ${mount} (SEED=${seed})`, async () => {
    await using image = await DiskImage.make(imageBytes, ['mkfs.btrfs', '-q', ...make]);
    const crashed = `${image.path}.crashed`;
    await image.mounted(['-o', `${mount},commit=300`], async (folder) => {
      await tool('btrfs', 'subvolume', 'create', `${folder}/volume`);
      python(work, [folder, String(seed + index), '60']);
      copyFileSync(image.path, crashed);
    });
    copyFileSync(crashed, image.path);
    // Mounted so that it may be written, the kernel replays the log on the disk itself.
    await image.mounted([], () => undefined);
    await image.mounted(['-o', 'ro,subvolid=5'], (folder) =>
      readImage(crashed, async (fileSystem) => {
        assert.match(fileSystem.summary.notes.join(), /replayed in memory: [1-9]/);
        assert.equal(fileSystem.summary.isUnclean, false);
        const counts = await compareTrees(fileSystem, folder, { attributePrefixes: ['user.'] });
        assert(counts.files > 20 && counts.attributes > 0);
        await assertFileSystemConforms({
          fileSystem,
          volumeBytes: imageBytes,
          unknownId: '5/9999',
        });
      }),
    );
  });
}

async function readImage(
  path: string,
  action: (fileSystem: FileSystem) => Promise<void>,
): Promise<void> {
  const disk = await openFileDisk(path, { isReadOnly: true, clock: systemClock });
  try {
    const fileSystem = await openFileSystem(disk);
    assert(fileSystem !== undefined);
    await action(fileSystem);
    await fileSystem.close();
  } finally {
    await disk.close();
  }
}
