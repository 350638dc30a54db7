import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { tool } from '../nbd/served.ts';
import { compareTrees } from './compare-trees.ts';
import { DiskImage } from './disk-image.ts';
import { python } from './python.ts';

/** Makes, moves and removes files so that the journal has escaped, revoked and often written blocks, and goes round at least once. */
const work = `
import ctypes, os, shutil, sys
os.chdir(sys.argv[1])
here = os.open('.', os.O_RDONLY)
sync = lambda: ctypes.CDLL(None).syncfs(here)
def write(path, content):
    with open(path, 'wb') as file: file.write(content)
numbers = lambda count: b''.join(b'%d\\n' % number for number in range(count))
os.mkdir('done')
for n in range(1, 21):
    folder = 'loose/%d' % (n % 4)
    os.makedirs(folder, exist_ok=True)
    write('%s/%d' % (folder, n), numbers(n * 100))
    if os.path.lexists('loose/link'): os.remove('loose/link')
    os.link('%s/%d' % (folder, n), 'loose/link')
    write('loose/escaped', b'\\xc0\\x3b\\x39\\x98 begins as a block of the journal does, number %d' % n)
    write('part', bytes(n * 977))
    os.rename('part', 'done/%d' % n)
    os.chmod('done/%d' % n, (n % 8) * 0o100)
    if n % 5 == 0: shutil.rmtree('loose/%d' % (n % 3), ignore_errors=True)
    sync()
os.mkdir('many')
for n in range(300): write('many/%d' % n, b'')
sync(); shutil.rmtree('many'); sync()
# Contents fill what was a directory's: only the revocation keeps the journal from putting that back over them.
try: write('fill', os.urandom(20 << 20))
except OSError: os.remove('done/9')
sync()
write('unsynced', numbers(9))
`;

const journals: Readonly<Record<string, { make: readonly string[]; mount: string }>> = {
  'checksums of version 3': { make: ['-t', 'ext4'], mount: 'data=ordered' },
  'checksums of version 1, and contents in it': {
    make: ['-t', 'ext4', '-O', '^metadata_csum'],
    mount: 'journal_checksum,data=journal',
  },
  'no checksums, 32 bits': { make: ['-t', 'ext3'], mount: 'data=journal' },
};

for (const [name, { make, mount }] of Object.entries(journals)) {
  test(`reads a volume that was never unmounted as the kernel recovers it: ${name}`, async () => {
    const words = ['-q', '-F', '-b', '1024', '-J', 'size=1', ...make];
    await using image = await DiskImage.make(12 * 2 ** 20, ['mkfs.ext4', ...words]);
    const crashed = `${image.path}.crashed`;
    await image.mounted(['-o', mount], async (folder) => {
      python(work, [folder]);
      copyFileSync(image.path, crashed);
    });
    copyFileSync(crashed, image.path);
    // Mounted so that it may be written, the kernel replays the journal on the disk itself.
    await image.mounted([], () => undefined);
    await image.mounted(['-o', 'ro'], (folder) =>
      readImage(crashed, async (fileSystem) => {
        assert.match(fileSystem.summary.notes.join(), /replayed in memory: [1-9]/);
        const counts = await compareTrees(fileSystem, folder);
        assert(counts.files > 15);
        await assertSound(fileSystem);
      }),
    );
  });
}

test('says when fast commits are missing, and takes all space for allocated', async () => {
  const words = ['-q', '-F', '-b', '1024', '-O', 'fast_commit'];
  await using image = await DiskImage.make(16 * 2 ** 20, ['mkfs.ext4', ...words]);
  const crashed = `${image.path}.crashed`;
  const quick = 'cd "$1"; for n in 1 2 3 4; do seq 100 >$n; sync $n; done';
  await image.mounted([], async (folder) => {
    await tool('sh', '-euc', quick, 'sh', folder);
    copyFileSync(image.path, crashed);
  });
  await readImage(crashed, async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /fast commits/);
    const [ranges] = await Array.fromAsync(fileSystem.allocated());
    assert.deepEqual(ranges, [{ offsetBytes: 0, lengthBytes: 16 * 2 ** 20 }]);
  });
});

/** Breaks one byte at a place of an image of 1 KiB blocks with two groups, and tells what a reader makes of it. */
async function brokenAt<Result>(
  places: readonly number[],
  action: (fileSystem: FileSystem) => Promise<Result>,
): Promise<Result> {
  const words = ['-q', '-F', '-b', '1024', '-t', 'ext4', '-d', 'docs'];
  await using image = await DiskImage.make(20 * 2 ** 20, ['mkfs.ext4', ...words]);
  const bytes = readFileSync(image.path);
  for (const place of places) bytes[place]! ^= 0x5a;
  writeFileSync(image.path, bytes);
  return await image.read(action);
}

const superblockAt = 1024;
const descriptorsAt = 2048;

test('takes a copy of the superblock when the first is damaged', async () => {
  await brokenAt([superblockAt + 0x20], async (fileSystem) => {
    assert.match(fileSystem.summary.notes.join(), /copy in group 1 was used/);
    assert.equal(fileSystem.summary.kind, 'ext4');
    assert.notEqual(await fileSystem.find(fileSystem.root, 'hacking.md'), undefined);
  });
});

test('takes a copy of a group descriptor when the first is damaged, and tells of it', async () => {
  await brokenAt([descriptorsAt + 8], async (fileSystem) => {
    assert.notEqual(await fileSystem.find(fileSystem.root, 'hacking.md'), undefined);
    const findings = await Array.fromAsync(fileSystem.check());
    assert(findings.some(({ structure }) => structure === 'descriptor of group 0'));
  });
});

test('names the structure and place of what is damaged, and walks on without it', async () => {
  const { offset, name } = await brokenAt([], async (fileSystem) => {
    const entry = await fileSystem.find(fileSystem.root, 'hacking.md');
    const [inode] = await fileSystem.ranges(entry!.id);
    return { offset: inode!.offsetBytes, name: `inode ${entry!.id}` };
  });
  await brokenAt([offset + 0x10], async (fileSystem) => {
    const entry = await fileSystem.find(fileSystem.root, 'hacking.md');
    await assert.rejects(
      async () => fileSystem.status(entry!.id),
      (error) =>
        isSecondwindError(error, 'FILE_SYSTEM_DAMAGED') &&
        error.data['structure'] === name &&
        error.data['offsetBytes'] === offset,
    );
    const found: string[] = [];
    const walked = fileSystem.walk((finding) => found.push(finding.structure));
    const names = (await Array.fromAsync(walked)).flat().map((file) => file.name);
    assert.deepEqual(found, [name]);
    assert(names.includes('glossary.md') && !names.includes('hacking.md'));
  });
});

async function assertSound(fileSystem: FileSystem): Promise<void> {
  for await (const { severity, structure, reason } of fileSystem.check()) {
    assert.notEqual(severity, 'damage', `${structure}: ${reason}`);
  }
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
