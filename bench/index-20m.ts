// Measures the indexes at size: node bench/index-20m.ts [--chunks 20000000] [--directory DIR]
// Rates are of one process and one store; every tenth batch is written while look-ups are timed, as in life.

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLmdbStore } from '../src/keyvalue/lmdb-store.ts';
import { IndexTables, indexTableNames } from '../src/repository/index-tables/index-tables.ts';
import { IndexWriter } from '../src/repository/index-tables/index-writer.ts';
import { RegionExtents } from '../src/repository/index-tables/region-extents.ts';
import { regionsOf } from '../src/repository/index-tables/region-walk.ts';

const chunksPerCommit = 5000;
const checkpoints = [1e6, 2e6, 5e6, 10e6, 20e6, 50e6];
const options = { repositoryId: Uint8Array.of(1), start: { segment: 1, offsetBytes: 0 } };

const { values } = parseArgs({
  options: {
    chunks: { type: 'string', default: '20000000' },
    directory: { type: 'string', default: tmpdir() },
  },
});

/** Keyed hashes look like this: nothing about the next one follows from the last. */
function nameOf(index: number): Uint8Array {
  return createHash('sha256').update(`chunk ${index}`).digest();
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function memory(): Promise<{ own: number; mapped: number }> {
  const status = await readFile('/proc/self/status', 'utf8');
  const field = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  return { own: field('RssAnon'), mapped: field('RssFile') };
}

function perSecond(count: number, run: () => void): number {
  const start = performance.now();
  run();
  return Math.round((count / (performance.now() - start)) * 1000);
}

class Bench {
  readonly #tables: IndexTables;
  readonly #writer: IndexWriter;
  readonly #file: string;
  #random = 1;
  #commits = 0;
  #timeMicros = 1e15;

  constructor(tables: IndexTables, file: string) {
    this.#tables = tables;
    this.#writer = new IndexWriter(tables);
    this.#file = file;
  }

  /** A full image: every chunk is new, every region is written once, 32 extents of 8 blocks each. */
  async fill(fromChunk: number, toChunk: number): Promise<string> {
    const start = performance.now();
    let longestTurnMs = 0;
    let hashingMs = 0;
    for (let at = fromChunk; at < toChunk; at += chunksPerCommit) {
      const hashStart = performance.now();
      const names = Array.from({ length: chunksPerCommit }, (_, index) => nameOf(at + index));
      hashingMs += performance.now() - hashStart;
      const turn = performance.now();
      const numbers = names.map((name, index) =>
        this.#writer.addChunk(name, {
          segment: Math.floor(at / 8000),
          entryOffsetBytes: index * 64,
          startBlock: 0,
          blockCount: 8,
        }),
      );
      this.#commit(numbers, 0, Math.floor(at / 32));
      const flushed = this.#writer.flush();
      longestTurnMs = Math.max(longestTurnMs, performance.now() - turn);
      await flushed;
    }
    const seconds = (performance.now() - start - hashingMs) / 1000;
    return `${Math.round((toChunk - fromChunk) / seconds)} | ${longestTurnMs.toFixed(0)}`;
  }

  /** Random 4 KiB writes, 2000 a commit: a new chunk and a timeline entry each. */
  async overwrite(chunkCount: number, commits: number): Promise<number> {
    const regions = Math.floor(chunkCount / 32);
    let count = 0;
    let spentMs = 0;
    for (let commit = 0; commit < commits; commit++) {
      const picked = [...new Set(Array.from({ length: 2000 }, () => this.#pick(regions)))];
      picked.sort((left, right) => left - right);
      const chosen = picked.map((region) => ({ region, chunk: this.#pick(chunkCount) + 1 }));
      const start = performance.now();
      this.#add(
        chosen.map(({ region, chunk }) => ({
          region,
          extents: RegionExtents.from([
            { startBlock: region % 255, blockCount: 1, chunkNumber: chunk, chunkStartBlock: 0 },
          ]),
        })),
      );
      await this.#writer.flush();
      spentMs += performance.now() - start;
      count += picked.length;
    }
    return Math.round((count / spentMs) * 1000);
  }

  lookUps(chunkCount: number): string {
    const count = 100_000;
    const known = Array.from({ length: count }, () => nameOf(this.#pick(chunkCount)));
    const unknown = Array.from({ length: count }, (_, index) => nameOf(-1 - index));
    const hits = perSecond(count, () => {
      for (const name of known)
        if (this.#writer.findChunk(name) === undefined) throw new Error('lost');
    });
    const misses = perSecond(count, () => {
      for (const name of unknown)
        if (this.#writer.findChunk(name) !== undefined) throw new Error('?');
    });
    const places = perSecond(count, () => {
      for (let index = 0; index < count; index++) {
        this.#tables.chunks.placeOf(this.#pick(chunkCount) + 1);
      }
    });
    return `${hits} | ${misses} | ${places}`;
  }

  regions(chunkCount: number): string {
    const regions = Math.floor(chunkCount / 32);
    const count = 50_000;
    let extents = 0;
    const reads = perSecond(count, () => {
      for (let index = 0; index < count; index++) {
        extents += this.#tables.timeline.regionAt(1, this.#pick(regions), 2 ** 52).count;
      }
    });
    let walked = 0;
    const start = performance.now();
    const page = regionsOf(this.#tables.timeline, { disk: 1, timeMicros: 2 ** 52, limit: 50_000 });
    walked = (page.regions.length / (performance.now() - start)) * 1000;
    return `${reads} (${(extents / count).toFixed(0)} extents) | ${Math.round(walked)}`;
  }

  async sizes(): Promise<string> {
    const { own, mapped } = await memory();
    const { size } = await stat(this.#file);
    return `${Math.round(size / 2 ** 20)} MiB | ${own} + ${mapped} MiB`;
  }

  #commit(numbers: readonly number[], startBlock: number, firstRegion: number): void {
    const regions = [];
    for (let at = 0; at + 32 <= numbers.length; at += 32) {
      const extents = RegionExtents.from(
        numbers.slice(at, at + 32).map((chunkNumber, index) => ({
          startBlock: startBlock + index * 8,
          blockCount: 8,
          chunkNumber,
          chunkStartBlock: 0,
        })),
      );
      regions.push({ region: firstRegion + at / 32, extents });
    }
    this.#add(regions);
  }

  #add(regions: readonly { region: number; extents: RegionExtents }[]): void {
    const machine = this.#writer.machineNumber('bench');
    const disk = this.#writer.diskNumber({ machine: 'bench', disk: 'sda' });
    this.#commits += 1;
    this.#timeMicros += 1e6;
    this.#writer.addCommit({
      machine,
      timeMicros: this.#timeMicros,
      segment: 1,
      offsetBytes: this.#commits,
      sequence: this.#commits,
      consistency: 'crash',
      changedBytes: 0,
      newBytes: 0,
      storedBytes: 0,
      disks: [{ disk, state: 'whole', sizeBytes: 2 ** 44, regions }],
      notes: [],
      hash: new Uint8Array(32),
    });
    this.#writer.advance({ segment: 1, offsetBytes: this.#commits });
  }

  /** A cheap generator with a fixed seed, so that runs compare. */
  #pick(below: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * below);
  }
}

const directory = await mkdtemp(join(values.directory, 'secondwind-index-'));
try {
  const target = Number(values.chunks);
  const store = await openLmdbStore({ directory, tables: indexTableNames });
  const bench = new Bench(new IndexTables(store, options), join(directory, 'data.mdb'));
  say(
    '| chunks | new chunks/s | longest turn ms | hits/s | misses/s | places/s | region inserts/s | regionAt/s | walked regions/s | file | RSS own + mapped |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|');
  let done = 0;
  for (const checkpoint of [...checkpoints.filter((each) => each < target), target]) {
    const filled = await bench.fill(done, checkpoint);
    done = checkpoint;
    const found = bench.lookUps(done);
    const inserted = await bench.overwrite(done, 25);
    const read = bench.regions(done);
    say(`| ${done} | ${filled} | ${found} | ${inserted} | ${read} | ${await bench.sizes()} |`);
  }
  const closing = performance.now();
  await store.close();
  const opening = performance.now();
  const again = await openLmdbStore({ directory, tables: indexTableNames });
  new IndexTables(again, options).state();
  const opened = performance.now();
  say(
    `close (seal) ${((opening - closing) / 1000).toFixed(2)} s, open (verify) ${((opened - opening) / 1000).toFixed(2)} s`,
  );
  await again.close();
} finally {
  await rm(directory, { recursive: true });
}
