import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/base/system-clock.ts';
import { createFileDisk } from '../../src/disk/file-disk.ts';
import { tool, withServed } from './served.ts';

test('fio reads back what it wrote at random, mixed with trims and flushes, from two clients', async () => {
  await withServed({}, async ({ uri }) => {
    await verify(uri, 'randwrite', 16);
  });
});

test('fio verifies a file disk, written in large and small blocks', async () => {
  await withServed({}, async ({ folder, server, socket }) => {
    const clock = systemClock;
    const disk = await createFileDisk(join(folder, 'disk.img'), 32 * 2 ** 20, { clock });
    server.addExport({ name: 'file', disk });
    await verify(`nbd+unix:///file?socket=${socket}`, 'randtrimwrite', 32);
    await server.removeExport('file');
    await disk.close();
  });
});

async function verify(uri: string, pattern: string, depth: number): Promise<void> {
  const report = await tool(
    'fio',
    '--name=verify',
    '--ioengine=nbd',
    `--uri=${uri}`,
    `--rw=${pattern}`,
    '--bsrange=4k-256k',
    '--bs_unaligned=0',
    `--iodepth=${depth}`,
    '--size=16m',
    '--offset_increment=16m',
    '--numjobs=2',
    '--thread',
    '--fsync=32',
    '--verify=crc32c',
    '--verify_fatal=1',
    '--do_verify=1',
    '--verify_state_save=0',
    '--output-format=normal',
  );
  assert.match(report, /err= 0/);
  assert.doesNotMatch(report, /verify failed|bad magic/);
}
