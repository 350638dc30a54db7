import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/base/system-clock.ts';
import type { WritableDisk } from '../../src/disk/disk.ts';
import { createFileDisk } from '../../src/disk/file-disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { texture, tool, withServed } from './served.ts';

test('ext4 made, mounted and used through NBD is clean, and holds its files when mounted again', async () => {
  await useFileSystem(new MemoryDisk(64 * 2 ** 20), ['mkfs.ext4', '-q', '-F'], async (disk) => {
    await tool('e2fsck', '-fn', disk);
  });
});

test('xfs made, mounted and used through NBD on a file disk is clean, and holds its files', async () => {
  const file = join(process.env['TMPDIR'] ?? '/tmp', `secondwind-xfs-${process.pid}.img`);
  const disk = await createFileDisk(file, 320 * 2 ** 20, { clock: systemClock });
  try {
    await useFileSystem(disk, ['mkfs.xfs', '-q', '-f'], async (device) => {
      await tool('xfs_repair', '-n', device);
    });
  } finally {
    await tool('rm', file);
  }
});

async function useFileSystem(
  disk: WritableDisk,
  make: readonly string[],
  check: (device: string) => Promise<void>,
): Promise<void> {
  await withServed({ disk }, async ({ uri, folder }) => {
    // The server lives in this process: whatever touches the mounted disk must be another one, or both wait for each other.
    const content = texture(12 * 2 ** 20);
    const source = join(folder, 'source');
    writeFileSync(source, content);
    await withDevice(uri, folder, async (device) => {
      await tool(make[0]!, ...make.slice(1), device);
      await withMount(device, folder, async (mount) => {
        const files = `cp ${source} ${mount}/large; for i in $(seq 200); do echo "number $i" >${mount}/small-$i; done`;
        await tool(
          'sh',
          '-ec',
          `${files}; sync -f ${mount}; rm ${mount}/small-1*; fstrim ${mount}`,
        );
      });
      await check(device);
    });
    await withDevice(uri, folder, async (device) => {
      await withMount(device, folder, async (mount) => {
        await tool('cmp', source, join(mount, 'large'));
        assert.equal(await tool('cat', join(mount, 'small-200')), 'number 200\n');
        await assert.rejects(tool('cat', join(mount, 'small-100')), /No such file/);
      });
      await check(device);
    });
  });
}

/** Shows the export as a file by FUSE, and that as a block device by loop. */
async function withDevice(
  uri: string,
  folder: string,
  use: (device: string) => Promise<void>,
): Promise<void> {
  const shown = join(folder, 'shown');
  mkdirSync(shown, { recursive: true });
  const fuse = spawn('nbdfuse', [shown, uri], { stdio: 'ignore' });
  try {
    await appears(join(shown, 'nbd'));
    const device = (await tool('losetup', '-f', '--show', join(shown, 'nbd'))).trim();
    try {
      await use(device);
    } finally {
      await tool('losetup', '-d', device);
    }
  } finally {
    await unmounted(shown);
    await ended(fuse);
  }
}

async function withMount(
  device: string,
  folder: string,
  use: (mount: string) => Promise<void>,
): Promise<void> {
  const mount = join(folder, 'mount');
  mkdirSync(mount, { recursive: true });
  await tool('mount', device, mount);
  try {
    await use(mount);
  } finally {
    await tool('umount', mount);
  }
}

async function appears(file: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await exists(file)) return;
    await wait(25);
  }
  throw new Error(`${file} did not appear`);
}

async function exists(file: string): Promise<boolean> {
  try {
    await tool('test', '-e', file);
    return true;
  } catch {
    return false;
  }
}

/** The loop device lets go of the file a moment after it was told to. */
async function unmounted(folder: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await tool('fusermount3', '-u', folder);
      return;
    } catch (error) {
      if (attempt === 40) throw error;
      await wait(50);
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
}
