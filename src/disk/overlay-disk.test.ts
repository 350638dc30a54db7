import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../base/system-clock.ts';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { MemoryDisk } from './memory-disk.ts';
import { OverlayDisk, openOverlayDisk } from './overlay-disk.ts';

test('never writes to its base, and shows it again where nothing was written', async () => {
  const base = new MemoryDisk(65_536);
  base.write(Buffer.alloc(65_536, 1), 0);
  const overlay = new OverlayDisk(base, new MemoryDisk(65_536));
  await overlay.write(Buffer.alloc(100, 2), 4000);
  await overlay.trim(20_000, 10_000);
  const kept = Buffer.alloc(65_536);
  base.read(kept, 0);
  assert.deepEqual(kept, Buffer.alloc(65_536, 1));
  await overlay.close();
  base.read(kept, 0);
  assert.deepEqual(kept, Buffer.alloc(65_536, 1));
});

test('shows the base where a write failed on its way to the scratch disk, for every operation that can fail', async () => {
  for (let failAt = 1; failAt <= 3; failAt += 1) {
    const base = new MemoryDisk(65_536);
    base.write(Buffer.alloc(65_536, 1), 0);
    const scratch = new FaultyDisk(new MemoryDisk(65_536), { failAt, only: ['write'] });
    const overlay = new OverlayDisk(base, scratch);
    await assert.rejects(async () => overlay.write(Buffer.alloc(8192, 2), 2048), /planned fault/);
    const found = Buffer.alloc(4096);
    await overlay.read(found, 4096);
    assert.deepEqual(found, Buffer.alloc(4096, 1));
    await overlay.write(Buffer.alloc(8192, 3), 2048);
    await overlay.read(found, 4096);
    assert.deepEqual(found, Buffer.alloc(4096, 3));
  }
});

test('leaves no file behind', async () => {
  const file = join(tmpdir(), `secondwind-overlay-${process.pid}`);
  const overlay = await openOverlayDisk(new MemoryDisk(10_000), file, systemClock);
  assert.equal(existsSync(file), false);
  await overlay.close();
});
