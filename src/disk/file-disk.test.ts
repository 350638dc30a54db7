import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { diskBytesMax } from '../base/limits.ts';
import { systemClock } from '../base/system-clock.ts';
import { createFileDisk, openFileDisk } from './file-disk.ts';

const clock = systemClock;
const folder = mkdtempSync(join(tmpdir(), 'secondwind-file-disk-'));
after(() => rmSync(folder, { recursive: true }));

test('finds the size of a block device and writes to it', async () => {
  const image = join(folder, 'device.img');
  writeFileSync(image, Buffer.alloc(3 * 2 ** 20));
  const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
  try {
    const disk = await openFileDisk(device, { clock });
    assert.equal(disk.sizeBytes, 3 * 2 ** 20);
    await disk.write(Buffer.alloc(4096, 9), 8192, { isForced: true });
    await disk.trim(8192, 512);
    const found = Buffer.alloc(1024);
    await disk.read(found, 8192);
    assert.deepEqual(found, Buffer.concat([Buffer.alloc(512), Buffer.alloc(512, 9)]));
    await disk.close();
  } finally {
    execFileSync('losetup', ['-d', device]);
  }
});

test('names what is no disk, what is missing and what is too large', async () => {
  await assert.rejects(openFileDisk(folder, { clock, isReadOnly: true }), { code: 'NOT_A_DISK' });
  await assert.rejects(openFileDisk('/dev/null', { clock }), { code: 'NOT_A_DISK' });
  await assert.rejects(openFileDisk(join(folder, 'none'), { clock }), { code: 'IO_FAILED' });
  await assert.rejects(createFileDisk(join(folder, 'vast'), diskBytesMax + 1, { clock }), {
    code: 'LIMIT_EXCEEDED',
  });
});

test('refuses to write when opened read-only, and to make a disk over a file', async () => {
  const file = join(folder, 'kept');
  writeFileSync(file, 'as it was');
  const disk = await openFileDisk(file, { clock, isReadOnly: true });
  assert.throws(() => disk.write(Buffer.alloc(1), 0), { code: 'READ_ONLY' });
  assert.throws(() => disk.trim(0, 1), { code: 'READ_ONLY' });
  await disk.close();
  await assert.rejects(createFileDisk(file, 10, { clock }), { code: 'IO_FAILED' });
});

test('reports a file that became shorter than the disk, at once and by the thread pool', async () => {
  const file = join(folder, 'cut');
  writeFileSync(file, Buffer.alloc(2 ** 20));
  const disk = await openFileDisk(file, { clock });
  truncateSync(file, 5000);
  assert.throws(() => disk.read(Buffer.alloc(4096), 4096), { code: 'IO_FAILED' });
  await assert.rejects(async () => disk.read(Buffer.alloc(2 ** 20), 0), { code: 'IO_FAILED' });
  await disk.close();
});

test('keeps a new file sparse through zeroes, and knows its holes', async () => {
  const file = join(folder, 'sparse');
  const disk = await createFileDisk(file, 2 ** 30, { clock });
  await disk.writeZeroes(0, 2 ** 30, { mayTrim: true });
  await disk.trim(4096, 2 ** 29);
  assert.equal(statSync(file).blocks, 0);
  await disk.write(Buffer.alloc(10, 1), 5000);
  assert.deepEqual(disk.extents(0, 2 ** 30), [
    { lengthBytes: 4096, isHole: true },
    { lengthBytes: 4096, isHole: false },
    { lengthBytes: 2 ** 30 - 8192, isHole: true },
  ]);
  await disk.close();
});

test('leaves holes of an existing file alone when it may', async () => {
  const file = join(folder, 'holes');
  writeFileSync(file, '');
  truncateSync(file, 2 ** 24);
  const disk = await openFileDisk(file, { clock });
  await disk.trim(0, 2 ** 24);
  assert.equal(statSync(file).blocks, 0);
  await disk.writeZeroes(0, 2 ** 20);
  assert.ok(statSync(file).blocks * 512 >= 2 ** 20);
  await disk.close();
});

test('closes only after operations under way, once', async () => {
  const disk = await createFileDisk(join(folder, 'busy'), 2 ** 24, { clock });
  const writing = [0, 1, 2, 3].map(async (piece) =>
    disk.write(Buffer.alloc(2 ** 22, piece), piece * 2 ** 22),
  );
  const forced = disk.write(Buffer.alloc(2 ** 22), 0, { isForced: true });
  await disk.close();
  await disk.close();
  await Promise.all([...writing, forced]);
  assert.throws(() => disk.read(Buffer.alloc(1), 0), /closed/);
});
