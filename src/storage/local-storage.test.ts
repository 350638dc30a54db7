import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../base/errors.ts';
import { testStorage } from '../testing/storage-conformance.ts';
import { LocalStorage } from './local-storage.ts';
import { readObject } from './read-object.ts';

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'secondwind-storage-'));
}

testStorage('a folder', async () => {
  const folder = await newFolder();
  // The folder itself need not exist, nor the ones above it.
  const storage = new LocalStorage(join(folder, 'above', 'store'));
  return { storage, dispose: () => rm(folder, { recursive: true }) };
});

test('only the owner can read what is stored, and a cut put leaves nothing that is listed', async () => {
  const folder = await newFolder();
  try {
    const storage = new LocalStorage(join(folder, 'store'));
    await storage.put('keys/a.json', Buffer.from('secret'));
    assert.equal((await stat(join(folder, 'store/keys/a.json'))).mode & 0o777, 0o600);
    assert.equal((await stat(join(folder, 'store/keys'))).mode & 0o777, 0o700);
    await writeFile(join(folder, 'store/keys/b.json.part'), 'half');
    assert.deepEqual(await storage.list('keys/'), [{ name: 'keys/a.json', sizeBytes: 6 }]);
    await storage.put('keys/b.json', Buffer.from('whole'));
    assert.equal((await readObject(storage, 'keys/b.json', 5)).toString(), 'whole');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('listing goes on when an object is deleted meanwhile', async () => {
  const folder = await newFolder();
  try {
    const storage = new LocalStorage(folder);
    for (let number = 0; number < 50; number++) await storage.put(`k/${number}`, Buffer.alloc(1));
    const deleting = Promise.all(
      Array.from({ length: 49 }, async (_, number) => storage.delete(`k/${number}`)),
    );
    for (let round = 0; round < 20; round++) {
      const names = (await storage.list('k/')).map(({ name }) => name);
      assert(names.includes('k/49'), 'an object that is there is always listed');
    }
    await deleting;
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a folder where an object should be is no object, and errors of the system are translated', async () => {
  const folder = await newFolder();
  try {
    const storage = new LocalStorage(folder);
    await mkdir(join(folder, 'config.json'));
    assert.deepEqual(await storage.list(''), []);
    await assert.rejects(storage.put('config.json', Buffer.of(1)), isSecondwindError);
    await writeFile(join(folder, 'keys'), 'a file where a folder should be');
    await assert.rejects(storage.list('keys/'), (error) => isSecondwindError(error, 'IO_FAILED'));
    await assert.rejects(storage.create('keys/a'), isSecondwindError);
    await assert.rejects(storage.delete('keys/a'), isSecondwindError);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a larger object than allowed is refused before it is read', async () => {
  const folder = await newFolder();
  try {
    const storage = new LocalStorage(folder);
    await storage.put('config.json', Buffer.alloc(4097));
    await assert.rejects(readObject(storage, 'config.json', 4096), (error) =>
      isSecondwindError(error, 'LIMIT_EXCEEDED'),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
