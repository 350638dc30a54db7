import { strict as assert } from 'node:assert';
import { mkdtemp, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../base/errors.ts';
import { conformanceTables, testOrderedStore } from '../testing/ordered-store-conformance.ts';
import { openLmdbStore, removeLmdbStore } from './lmdb-store.ts';
import type { OrderedStore } from './ordered-store.ts';

const tables = conformanceTables;

testOrderedStore('lmdb store', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secondwind-lmdb-'));
  let store = await openLmdbStore({ directory, tables });
  let isOpen = true;
  return {
    store: noting(store, () => {
      isOpen = false;
    }),
    reopen: async () => {
      await store.close();
      store = await openLmdbStore({ directory, tables });
      assert.equal(store.recovery, 'sealed');
      return store;
    },
    remove: async () => {
      if (isOpen) await store.close();
      await rm(directory, { recursive: true });
    },
  };
});

function noting(store: OrderedStore, onClose: () => void): OrderedStore {
  return {
    recovery: store.recovery,
    get: (table, key) => store.get(table, key),
    seekAtOrAfter: (table, key) => store.seekAtOrAfter(table, key),
    range: (table, range) => store.range(table, range),
    commit: async (writes) => store.commit(writes),
    flushed: async () => store.flushed(),
    close: async () => {
      await store.close();
      onClose();
    },
  };
}

async function closedStore(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'secondwind-lmdb-'));
  const store = await openLmdbStore({ directory, tables });
  assert.equal(store.recovery, 'new');
  for (let index = 0; index < 200; index++) {
    await store.commit([
      { table: 'apples', key: Buffer.of(index, 1), value: Buffer.alloc(90, index) },
    ]);
  }
  await store.close();
  return directory;
}

const damages: readonly [string, (file: string) => Promise<void>][] = [
  ['a flipped bit', (file) => change(file, 40_001)],
  ['a flipped bit in the first page', (file) => change(file, 25)],
  ['a cut file', (file) => truncate(file, 8192)],
  ['an empty file', (file) => truncate(file, 0)],
];

for (const [name, damage] of damages) {
  test(`${name} is found at opening, and the store can be removed and made anew`, async () => {
    const directory = await closedStore();
    try {
      await damage(join(directory, 'data.mdb'));
      for (let attempt = 0; attempt < 2; attempt++) {
        const opening = openLmdbStore({ directory, tables });
        await assert.rejects(opening, (error) => isSecondwindError(error, 'DAMAGED'));
      }
      await removeLmdbStore(directory);
      const store = await openLmdbStore({ directory, tables });
      assert.equal(store.recovery, 'new');
      await store.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}

async function change(file: string, offsetBytes: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, offsetBytes);
    await handle.write(Buffer.of(byte[0]! ^ 16), 0, 1, offsetBytes);
  } finally {
    await handle.close();
  }
}
