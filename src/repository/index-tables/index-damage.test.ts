import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import { enterCommit, type ModelCommit } from '../../testing/index-model.ts';
import { isIndexDamage } from './index-damage.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';
import { regionsOf } from './region-walk.ts';

const options = {
  repositoryId: Uint8Array.of(7),
  start: { segment: 1, offsetBytes: 0 },
  // So that names get into their table at once.
  recentNamesMax: 1,
};
const chunkNames = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));

async function build(): Promise<MemoryStore> {
  const store = new MemoryStore(indexTableNames);
  const writer = new IndexWriter(new IndexTables(store, options));
  for (const name of chunkNames) {
    writer.addChunk(name, { segment: 1, entryOffsetBytes: 64, startBlock: 2, blockCount: 3 });
  }
  for (let time = 1; time <= 4; time++) {
    const extents = [
      { startBlock: time, blockCount: 1, chunkNumber: 1 + (time % 3), chunkStartBlock: 1 },
    ];
    const regions = [0, 5].map((region) => ({ region, extents }));
    const state = time === 3 ? 'filling' : 'whole';
    const disks: ModelCommit['disks'] = [{ disk: 'sda', state, sizeBytes: 2 ** 30, regions }];
    enterCommit(writer, { machine: 'alpha', timeMicros: time, disks });
  }
  await writer.flush();
  return store;
}

/** Everything that can be asked, as text. */
async function answers(store: MemoryStore): Promise<string> {
  const tables = new IndexTables(store, options);
  const found: unknown[] = [tables.names.machines, tables.names.disks, tables.state()];
  found.push(
    [...tables.heads()].map(([machine, head]) => [machine, { ...head, hash: [...head.hash] }]),
  );
  for (const name of chunkNames) {
    const number = tables.chunks.numberOf(name);
    found.push(number, number && tables.chunks.placeOf(number));
  }
  for (const time of [0, 1, 2, 3, 4, 5]) {
    for (const region of [0, 5]) found.push(tables.timeline.regionAt(1, region, time).toArray());
    found.push(regionsOf(tables.timeline, { disk: 1, timeMicros: time, limit: 9 }).regions.length);
    found.push(tables.diskHistory.spanAt(1, time), tables.diskHistory.sizeAt(1, time));
  }
  found.push(tables.commits.list({ machine: 1, order: 'oldest-first', limit: 9 }));
  found.push(
    await tables.changes.changedRegions({ disk: 1, fromMicros: 0, toMicros: 9, limit: 9 }),
  );
  return JSON.stringify(found);
}

test('whichever byte of whichever value changes or goes, the answer is damage or the same, never another', async () => {
  const store = await build();
  const expected = await answers(store);
  const seen = new Map<string, number>();
  for (const table of indexTableNames) {
    for (const { key, value } of [...store.range(table, { limit: 1000 })]) {
      const broken: Uint8Array[] = [...value].map((byte, at) =>
        value.with(at, byte ^ (1 << (at % 8))),
      );
      broken.push(value.subarray(0, -1), new Uint8Array(0));
      for (const wrong of broken) {
        await store.commit([{ table, key, value: wrong }]);
        try {
          assert.equal(await answers(store), expected);
        } catch (error) {
          assert.ok(isIndexDamage(error), `${table}: ${String(error)}`);
          seen.set(table, (seen.get(table) ?? 0) + 1);
        }
      }
      await store.commit([{ table, key, value }]);
    }
  }
  assert.equal(await answers(store), expected);
  const rows = indexTableNames.filter((table) => [...store.range(table, { limit: 1 })].length > 0);
  assert.deepEqual([...seen.keys()].sort(), rows.sort(), 'damage was met in every table');
});

test('a row in the place of another is damage', async () => {
  const store = await build();
  for (const table of ['timeline', 'places', 'spans', 'sizes', 'commits', 'names']) {
    const [first, second] = [...store.range(table, { limit: 2 })];
    if (first === undefined || second === undefined) continue;
    await store.commit([{ table, key: first.key, value: second.value }]);
    await assert.rejects(answers(store), isIndexDamage, table);
    await store.commit([{ table, key: first.key, value: first.value }]);
  }
});

test('a change whose older row is gone is damage', async () => {
  const store = await build();
  const rows = [...store.range('timeline', { limit: 100 })];
  const deep = rows.findIndex(({ value }) => value[0]! > 0);
  await store.commit([{ table: 'timeline', key: rows[deep + 1]!.key }]);
  await assert.rejects(answers(store), isIndexDamage);
});

test('a change is never laid over a row of the next region', async () => {
  const store = new MemoryStore(indexTableNames);
  const tables = new IndexTables(store, options);
  const writer = new IndexWriter(tables);
  const single = (startBlock: number) => [
    { startBlock, blockCount: 1, chunkNumber: 9, chunkStartBlock: startBlock },
  ];
  const several = [1, 3, 5, 7].flatMap(single);
  for (const [timeMicros, extents] of [several, single(2)].entries()) {
    const regions = [0, 1].slice(timeMicros).map((region) => ({ region: 1 - region, extents }));
    regions.reverse();
    const disks = [{ disk: 'sda', state: 'whole' as const, sizeBytes: 2 ** 30, regions }];
    enterCommit(writer, { machine: 'alpha', timeMicros, disks });
  }
  await writer.flush();
  const rows = [...store.range('timeline', { limit: 9 })];
  assert.deepEqual(
    rows.map(({ value }) => value[0]),
    [1, 0, 0],
  );
  await store.commit([{ table: 'timeline', key: rows[1]!.key }]);
  const query = { disk: 1, timeMicros: 9, limit: 9 };
  assert.throws(() => regionsOf(tables.timeline, query), isIndexDamage);
});
