import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { conformanceTables, testOrderedStore } from '../testing/ordered-store-conformance.ts';
import { MemoryStore } from './memory-store.ts';

testOrderedStore('memory store', async () => {
  const store = new MemoryStore(conformanceTables);
  return {
    store,
    reopen: async () => {
      await store.flushed();
      return store;
    },
    remove: async () => undefined,
  };
});

const key = Uint8Array.of(1);

test('a crash throws away the newest unflushed commits and no others', async () => {
  const store = new MemoryStore(['apples']);
  await store.commit([{ table: 'apples', key, value: Uint8Array.of(1) }]);
  await store.flushed();
  for (const value of [2, 3, 4]) {
    await store.commit([{ table: 'apples', key, value: Uint8Array.of(value) }]);
  }
  await store.commit([{ table: 'apples', key }]);
  assert.equal(store.unflushedCommits, 4);
  store.crash(2);
  assert.deepEqual(store.get('apples', key), Uint8Array.of(3));
  assert.equal(store.recovery, 'recovered');
  assert.equal(store.unflushedCommits, 0);
});

test('a failing commit changes nothing, and later ones work', async () => {
  const store = new MemoryStore(['apples']);
  store.failCommits(new Error('full'));
  const write = { table: 'apples', key, value: Uint8Array.of(1) };
  await assert.rejects(store.commit([write]), /full/);
  assert.equal(store.get('apples', key), undefined);
  store.failCommits(undefined);
  await store.commit([write]);
  assert.deepEqual(store.get('apples', key), Uint8Array.of(1));
});
