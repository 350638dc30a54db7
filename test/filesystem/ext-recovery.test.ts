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

/** Makes, moves and removes files so that the journal has escaped, revoked and often written blocks, and goes round at least once. */
const work = `
cd "$1"; mkdir done
for n in $(seq 1 20); do
  mkdir -p loose/$((n % 4)); seq $((n * 100)) >loose/$((n % 4))/$n; ln -f loose/$((n % 4))/$n loose/link
  printf '\\300\\073\\071\\230 begins as a block of the journal does, number %s' $n >loose/escaped
  head -c $((n * 977)) /dev/zero >part; mv part done/$n; chmod $((n % 8))00 done/$n
  [ $((n % 5)) != 0 ] || rm -rf loose/$((n % 3))
  sync -f .
done
mkdir many; (cd many; seq 300 | xargs touch); sync -f .; rm -rf many; sync -f .
# Contents fill what was a directory's: only the revocation keeps the journal from putting that back over them.
head -c 20M /dev/urandom >fill 2>/dev/null || rm done/9; sync -f .
seq 9 >unsynced`;

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
      await tool('sh', '-euc', work, 'sh', folder);
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
