import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { SecondwindError } from '../../base/errors.ts';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import type { StoreWrite } from '../../keyvalue/ordered-store.ts';
import { enterCommit, type ModelCommit } from '../../testing/index-model.ts';
import { isIndexDamage } from './index-damage.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';

const options = { repositoryId: Uint8Array.of(7), start: { segment: 1, offsetBytes: 0 } };

/** Counts commits, and can hold them back. */
class CountingStore extends MemoryStore {
  commits = 0;
  gate: Promise<void> = Promise.resolve();

  override async commit(writes: readonly StoreWrite[]): Promise<void> {
    this.commits += 1;
    await this.gate;
    await super.commit(writes);
  }
}

function commitAt(timeMicros: number, chunkNumber: number, startBlock = 1): ModelCommit {
  const extents = [{ startBlock, blockCount: 1, chunkNumber, chunkStartBlock: 0 }];
  const regions = [{ region: 0, extents }];
  return {
    machine: 'alpha',
    timeMicros,
    disks: [{ disk: 'sda', state: 'whole', sizeBytes: 2 ** 30, regions }],
  };
}

function open(store = new CountingStore(indexTableNames)) {
  const tables = new IndexTables(store, options);
  return { store, tables, writer: new IndexWriter(tables) };
}

test('what is staged while a batch travels goes into one next batch', async () => {
  const { store, tables, writer } = open();
  let release = (): void => undefined;
  store.gate = new Promise((resolve) => {
    release = resolve;
  });
  enterCommit(writer, commitAt(10, 1));
  const flushes = [writer.flush()];
  for (let time = 11; time < 20; time++) {
    enterCommit(writer, commitAt(time, time, time));
    flushes.push(writer.flush());
  }
  assert.equal(writer.newestRegion(1, 0)?.extents.count, 10, 'the travelling row counts');
  assert.equal(tables.timeline.regionAt(1, 0, 100).count, 0);
  release();
  await Promise.all(flushes);
  assert.equal(store.commits, 2);
  assert.equal(tables.timeline.regionAt(1, 0, 100).count, 10);
  assert.deepEqual(tables.state().reach, { segment: 1, offsetBytes: 1000 });
  assert.equal(tables.heads().get(1)?.sequence, 10);
  assert.equal(writer.stagedRows, 0);
});

test('a flush resolves only when its own rows are visible', async () => {
  const { tables, writer } = open();
  const flushes: Promise<void>[] = [];
  for (let time = 1; time <= 30; time++) {
    enterCommit(writer, commitAt(time, time));
    flushes.push(
      writer.flush().then(() => {
        assert.equal(tables.commits.newestAtOrBefore(1, time)?.timeMicros, time);
      }),
    );
    if (time % 7 === 0) await Promise.resolve();
  }
  await Promise.all(flushes);
});

test('a flush that fails keeps its rows, and the next one stores them', async () => {
  const { store, tables, writer } = open();
  enterCommit(writer, commitAt(10, 1));
  store.failCommits(new SecondwindError('NO_SPACE', { file: 'index' }));
  const failed = writer.flush();
  enterCommit(writer, commitAt(11, 2));
  await assert.rejects(failed, { code: 'NO_SPACE' });
  await assert.rejects(writer.flush(), { code: 'NO_SPACE' });
  assert.equal(writer.newestRegion(1, 0)?.extents.chunkNumber(0), 2);
  store.failCommits(undefined);
  await writer.flush();
  assert.equal(tables.timeline.regionAt(1, 0, 10).chunkNumber(0), 1);
  assert.equal(tables.timeline.regionAt(1, 0, 11).chunkNumber(0), 2);
  assert.equal(tables.state().counters.commitCount, 2);
});

test('a flush of nothing but a reach that fails is tried again too', async () => {
  const { store, tables, writer } = open();
  writer.advance({ segment: 2, offsetBytes: 7 });
  store.failCommits(new SecondwindError('NO_SPACE', { file: 'index' }));
  await assert.rejects(writer.flush(), { code: 'NO_SPACE' });
  store.failCommits(undefined);
  await writer.flush();
  assert.deepEqual(tables.state().reach, { segment: 2, offsetBytes: 7 });
});

test('a state that was discarded is entered again when it comes again', async () => {
  const { tables, writer } = open();
  const filling = (timeMicros: number): ModelCommit => {
    const commit = commitAt(timeMicros, 1);
    return { ...commit, disks: [{ ...commit.disks[0]!, state: 'filling' }] };
  };
  enterCommit(writer, commitAt(10, 1));
  await writer.flush();
  enterCommit(writer, filling(11));
  await writer.discard();
  enterCommit(writer, filling(12));
  await writer.flush();
  assert.deepEqual(tables.gapAt(1, 12), { gapStartMicros: 12, wholeBeforeMicros: 10 });
});

test('a change of everything is written whole, not as a change', async () => {
  const { writer } = open();
  enterCommit(writer, commitAt(10, 1));
  const whole = { startBlock: 0, blockCount: 256, chunkNumber: 2, chunkStartBlock: 0 };
  const disk = { ...commitAt(11, 1).disks[0]!, regions: [{ region: 0, extents: [whole] }] };
  enterCommit(writer, { ...commitAt(11, 1), disks: [disk] });
  assert.equal(writer.newestRegion(1, 0)?.depth, 0);
  await writer.flush();
});

test('what is discarded is gone, and its numbers are given anew', async () => {
  const { tables, writer } = open();
  enterCommit(writer, commitAt(10, 1));
  await writer.flush();
  const name = new Uint8Array(32).fill(1);
  writer.addChunk(name, { segment: 1, entryOffsetBytes: 0, startBlock: 0, blockCount: 1 });
  enterCommit(writer, { ...commitAt(11, 2), machine: 'beta' });
  await writer.discard();
  assert.deepEqual(writer.reach, { segment: 1, offsetBytes: 100 });
  assert.equal(writer.findChunk(name), undefined);
  assert.equal(writer.counters.chunkCount, 0);
  assert.equal(tables.names.machineNumber('beta'), undefined);
  enterCommit(writer, { ...commitAt(12, 2), machine: 'gamma' });
  await writer.flush();
  assert.deepEqual(tables.names.machines, ['alpha', 'gamma']);
  assert.equal(tables.timeline.regionAt(1, 0, 20).chunkNumber(0), 1);
});

test('time and sequence of a machine cannot run backward', () => {
  const { writer } = open();
  enterCommit(writer, commitAt(10, 1));
  assert.throws(() => enterCommit(writer, commitAt(10, 2)), { name: 'AssertionError' });
  assert.throws(() => writer.advance({ segment: 0, offsetBytes: 5 }), { name: 'AssertionError' });
});

test('a change that changes nothing leaves no row', async () => {
  const { tables, writer } = open();
  enterCommit(writer, commitAt(10, 1));
  enterCommit(writer, commitAt(11, 1));
  const zeroes = { startBlock: 0, blockCount: 256, chunkNumber: 0, chunkStartBlock: 0 };
  const disk = { ...commitAt(12, 1).disks[0]!, regions: [{ region: 9, extents: [zeroes] }] };
  enterCommit(writer, { ...commitAt(12, 1), disks: [disk] });
  await writer.flush();
  assert.equal(tables.state().counters.regionRows, 1);
  const query = { disk: 1, fromMicros: 10, toMicros: 20, limit: 10 };
  assert.deepEqual(await tables.changes.changedRegions(query), { regions: [] });
});

test('a long history of one region never gets deeper than 7, and mixes whole and changed', async () => {
  const { tables, writer } = open();
  const depths = new Set<number>();
  for (let time = 1; time <= 100; time++) {
    const extents = [
      { startBlock: time % 50, blockCount: 1, chunkNumber: time, chunkStartBlock: 0 },
    ];
    const disk = { ...commitAt(time, 1).disks[0]!, regions: [{ region: 3, extents }] };
    enterCommit(writer, { ...commitAt(time, 1), disks: [disk] });
    depths.add(writer.newestRegion(1, 3)!.depth);
  }
  await writer.flush();
  assert.deepEqual([...depths].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(tables.timeline.regionAt(1, 3, 100).count, 50);
});

test('indexes of another repository, or of no known format, are refused as damage', async () => {
  const { store, writer } = open();
  enterCommit(writer, commitAt(10, 1));
  await writer.flush();
  const other = { ...options, repositoryId: Uint8Array.of(8) };
  assert.throws(() => new IndexTables(store, other), isIndexDamage);
});
