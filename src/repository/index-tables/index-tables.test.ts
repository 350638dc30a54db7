import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import {
  blocksOf,
  commitLists,
  enterCommit,
  IndexModel,
  type ModelCommit,
} from '../../testing/index-model.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';
import { regionsOf } from './region-walk.ts';
import { pointsTouchedBy } from './touched-points.ts';

const options = {
  repositoryId: Uint8Array.of(1, 2, 3),
  start: { segment: 1, offsetBytes: 0 },
};

interface Built {
  readonly store: MemoryStore;
  readonly tables: IndexTables;
  readonly model: IndexModel;
}

/** Enters all commits, flushing after some of them. */
async function build(
  commits: readonly ModelCommit[],
  isFlushed: (index: number) => boolean,
): Promise<Built> {
  const store = new MemoryStore(indexTableNames);
  const tables = new IndexTables(store, options);
  const writer = new IndexWriter(tables);
  const model = new IndexModel();
  for (const [index, commit] of commits.entries()) {
    enterCommit(writer, commit);
    model.add(commit);
    if (isFlushed(index)) await writer.flush();
  }
  await writer.flush();
  return { store, tables, model };
}

function disksOf(tables: IndexTables): { number: number; name: string }[] {
  return tables.names.disks.map(({ diskNumber, machine, disk }) => ({
    number: diskNumber,
    name: `${machine}/${disk}`,
  }));
}

function momentsOf(model: IndexModel): number[] {
  const times = model.commits.map(({ timeMicros }) => timeMicros);
  return [...times, ...times.map((time) => time - 1), times.at(-1)! + 10];
}

test('every region at every moment is what the model says', async () => {
  const property = fc.asyncProperty(
    commitLists,
    fc.integer({ min: 1, max: 9 }),
    async (commits, every) => {
      const { tables, model } = await build(commits, (index) => index % every === 0);
      for (const { number, name } of disksOf(tables)) {
        for (const moment of momentsOf(model)) {
          for (const region of [0, 1, 2, 3, 300, 2 ** 25]) {
            const entry = tables.timeline.entryAt(number, region, moment);
            assert.ok((entry?.depth ?? 0) <= 7);
            const found = tables.timeline.regionAt(number, region, moment);
            assert.deepEqual(blocksOf(found), [...model.blocksAt(name, region, moment)]);
          }
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('walking the regions of a disk finds exactly those with data, whatever the page', async () => {
  const property = fc.asyncProperty(
    commitLists,
    fc.integer({ min: 1, max: 6 }),
    async (commits, limit) => {
      const { tables, model } = await build(commits, () => false);
      for (const { number, name } of disksOf(tables)) {
        for (const moment of momentsOf(model)) {
          const expected = model
            .regionsOf(name)
            .filter((region) =>
              model.blocksAt(name, region, moment).some((block) => block !== undefined),
            );
          const found: number[] = [];
          let fromRegion: number | undefined = 0;
          while (fromRegion !== undefined) {
            const query = { disk: number, timeMicros: moment, fromRegion, limit };
            const page = regionsOf(tables.timeline, query);
            assert.ok(page.regions.length <= limit);
            for (const { region, extents } of page.regions) {
              found.push(region);
              assert.deepEqual(blocksOf(extents), [...model.blocksAt(name, region, moment)]);
            }
            fromRegion = page.nextRegion;
          }
          assert.deepEqual(found, expected);
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('changed regions include every one that differs, and none without an entry in that time', async () => {
  const property = fc.asyncProperty(
    commitLists,
    fc.nat(40),
    fc.nat(40),
    fc.integer({ min: 1, max: 6 }),
    async (commits, first, second, limit) => {
      const { tables, model } = await build(commits, () => false);
      const times = model.commits.map(({ timeMicros }) => timeMicros);
      const [fromMicros, toMicros] = [
        times[first % times.length]!,
        times[second % times.length]!,
      ].sort((left, right) => left - right) as [number, number];
      for (const { number, name } of disksOf(tables)) {
        const found: number[] = [];
        let fromRegion: number | undefined = 0;
        while (fromRegion !== undefined) {
          const query = { disk: number, fromMicros, toMicros, fromRegion, limit };
          const page = await tables.changes.changedRegions(query);
          assert.ok(page.regions.length <= limit);
          found.push(...page.regions);
          fromRegion = page.nextRegion;
        }
        assert.deepEqual(
          found,
          [...new Set(found)].sort((left, right) => left - right),
        );
        for (const region of model.regionsOf(name)) {
          const before = model.blocksAt(name, region, fromMicros).join();
          const after = model.blocksAt(name, region, toMicros).join();
          if (before !== after) assert.ok(found.includes(region));
        }
        for (const region of found) {
          const entry = tables.timeline.entryAt(number, region, toMicros);
          assert.ok(entry !== undefined && entry.timeMicros > fromMicros);
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('the points touched by chunks are exactly the versions that show them', async () => {
  const chunkSets = fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 });
  const property = fc.asyncProperty(commitLists, chunkSets, async (commits, chunks) => {
    const { tables, model } = await build(commits, () => false);
    const found = await Array.fromAsync(pointsTouchedBy(tables.timeline, new Set(chunks)));
    for (const { number, name } of disksOf(tables)) {
      for (const region of model.regionsOf(name)) {
        for (const moment of momentsOf(model)) {
          const isShown = model
            .blocksAt(name, region, moment)
            .some((block) => chunks.some((chunk) => block?.startsWith(`${chunk}+`)));
          const isFound = found.filter(
            (span) =>
              span.disk === number &&
              span.region === region &&
              span.fromMicros <= moment &&
              moment < (span.untilMicros ?? Number.POSITIVE_INFINITY),
          );
          assert.equal(isFound.length, isShown ? 1 : 0);
        }
      }
    }
  });
  await fc.assert(property, { numRuns: 40 });
});

test('states, sizes, gaps and commits at every moment are what the model says', async () => {
  const property = fc.asyncProperty(commitLists, async (commits) => {
    const { tables, model } = await build(commits, (index) => index % 3 === 0);
    for (const { machine, disk, diskNumber, machineNumber } of tables.names.disks) {
      for (const moment of momentsOf(model)) {
        const seen = model.commits.filter(
          (each) => each.machine === machine && each.timeMicros <= moment,
        );
        const newest = tables.commits.newestAtOrBefore(machineNumber, moment);
        assert.equal(newest?.timeMicros, seen.at(-1)?.timeMicros);
        const parts = seen.flatMap((each) => each.disks.filter((part) => part.disk === disk));
        const last = parts.at(-1);
        assert.equal(tables.diskHistory.spanAt(diskNumber, moment)?.state, last?.state);
        assert.equal(tables.diskHistory.sizeAt(diskNumber, moment), last?.sizeBytes);
        checkSpans(tables, diskNumber);
        const gap = tables.gapAt(diskNumber, moment);
        assert.equal(gap !== undefined, last?.state === 'filling');
        if (gap !== undefined) checkGap(tables, diskNumber, gap);
      }
    }
  });
  await fc.assert(property, { numRuns: 40 });
});

/** Spans asked for one at a time are those asked for together, each ending where the next begins. */
function checkSpans(tables: IndexTables, disk: number): void {
  const all = tables.diskHistory.spans(disk, 0, 1000);
  for (const [index, span] of all.entries()) {
    assert.equal(span.untilMicros, all[index + 1]?.fromMicros);
    assert.notEqual(span.state, all[index + 1]?.state);
    assert.deepEqual(tables.diskHistory.spans(disk, span.fromMicros, 1), [span]);
  }
}

function checkGap(
  tables: IndexTables,
  disk: number,
  gap: NonNullable<ReturnType<IndexTables['gapAt']>>,
): void {
  const state = (moment: number) => tables.diskHistory.spanAt(disk, moment)?.state;
  assert.equal(state(gap.gapStartMicros), 'filling');
  assert.notEqual(state(gap.gapStartMicros - 1), 'filling');
  if (gap.gapEndMicros === undefined) assert.equal(state(Number.MAX_SAFE_INTEGER - 1), 'filling');
  else assert.equal(state(gap.gapEndMicros), 'whole');
  if (gap.wholeBeforeMicros === undefined) assert.equal(state(gap.gapStartMicros - 1), undefined);
  else assert.equal(state(gap.wholeBeforeMicros), 'whole');
}

test('after a crash the index is that of a prefix of the log, and replaying the rest completes it', async () => {
  const property = fc.asyncProperty(commitLists, fc.nat(1000), async (commits, choice) => {
    const { store } = await build(commits, () => true);
    store.crash(choice % (store.unflushedCommits + 1));
    const tables = new IndexTables(store, options);
    const reached = tables.state().reach.offsetBytes / 100;
    const expected = await build(commits.slice(0, reached), () => false);
    assert.deepEqual(rowsOf(store), rowsOf(expected.store));
    const writer = new IndexWriter(tables);
    for (const commit of commits.slice(reached)) enterCommit(writer, commit);
    await writer.flush();
    assert.deepEqual(rowsOf(store), rowsOf((await build(commits, () => true)).store));
  });
  await fc.assert(property, { numRuns: 60 });
});

test('points touched are found in a region with more versions than one turn looks at', async () => {
  const commits = Array.from({ length: 4500 }, (_, index): ModelCommit => {
    const chunkNumber = index % 1000 === 500 ? 7 : 1;
    const extents = [{ startBlock: index % 2, blockCount: 1, chunkNumber, chunkStartBlock: index }];
    const regions = [{ region: 5, extents }];
    const disk = { disk: 'sda', state: 'whole' as const, sizeBytes: 2 ** 30, regions };
    return { machine: 'alpha', timeMicros: 1000 + index, disks: [disk] };
  });
  const { tables } = await build(commits, () => false);
  const found = await Array.fromAsync(pointsTouchedBy(tables.timeline, new Set([7])));
  assert.deepEqual(
    found.map(({ fromMicros, untilMicros }) => [fromMicros, untilMicros]),
    [3, 2, 1, 0].map((round) => [1500 + 1000 * round, 1502 + 1000 * round]),
  );
});

function rowsOf(store: MemoryStore): string[] {
  return indexTableNames.flatMap((table) =>
    [...store.range(table, { limit: 100_000 })].map(
      ({ key, value }) =>
        `${table} ${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`,
    ),
  );
}
