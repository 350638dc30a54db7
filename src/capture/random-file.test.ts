import { strict as assert } from 'node:assert';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRandomFile } from './random-file.ts';

test('a file keeps what is written, is private, and is emptied on request', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'secondwind-file-'));
  try {
    const path = join(folder, 'map');
    const file = await openRandomFile(path);
    await file.write(Buffer.from('hello'), 3);
    await file.sync();
    await file.close();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const again = await openRandomFile(path);
    const target = Buffer.alloc(10, 0xff);
    assert.equal(await again.read(target, 0), 8);
    assert.equal(target.toString('latin1'), '\0\0\0hello\xff\xff');
    assert.equal(await again.sizeBytes(), 8);
    await again.close();
    const emptied = await openRandomFile(path, { isEmptied: true });
    assert.equal(await emptied.sizeBytes(), 0);
    await emptied.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what the system refuses has a code', async () => {
  await assert.rejects(openRandomFile('/nonexistent/folder/map'), { code: 'IO_FAILED' });
  const full = await openRandomFile('/dev/full');
  await assert.rejects(full.write(Buffer.alloc(10), 0), { code: 'NO_SPACE' });
  await full.close();
  await assert.rejects(full.sync(), { code: 'IO_FAILED' });
});
