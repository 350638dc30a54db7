import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { happens, integerBelow, type Random, seededRandom } from '../../../src/base/random.ts';
import { systemClock } from '../../../src/base/system-clock.ts';
import { ThreadPipeline } from '../../../src/pipeline/thread-pipeline.ts';
import { createRepository, type Repository } from '../../../src/repository/index.ts';
import { openStorm, stormIndexFolder, stormSecret, stormStorage } from './open-storm.ts';
import { StormHistory } from './storm-history.ts';
import { StormProcess } from './storm-process.ts';

/** How long a storm lasts. */
export interface StormOptions {
  /** Chooses contents and moments; the moments a kill meets still differ from run to run. */
  readonly seed: number;
  /** Kills. */
  readonly cycles: number;
  /** Told how far it has come. */
  readonly say?: (line: string) => void;
}

/** What a storm did. */
export interface StormReport {
  readonly acknowledgedCount: number;
  /** Stored without the process having lived to say so. */
  readonly unsaidCount: number;
  readonly pointCount: number;
}

/** Kills in one folder; more would only make each check longer. */
const cyclesPerFolderMax = 40;
const delayMsMin = 20;
const delayMsMax = 400;
const oldPointsRead = 6;

/**
 * Kills a process that appends, again and again, and looks each time at what it left.
 * @param options - see StormOptions
 */
export async function killStorm(options: StormOptions): Promise<StormReport> {
  const total = { acknowledgedCount: 0, unsaidCount: 0, pointCount: 0 };
  for (let done = 0; done < options.cycles; done += cyclesPerFolderMax) {
    const cycles = Math.min(cyclesPerFolderMax, options.cycles - done);
    const report = await stormOver({ ...options, seed: options.seed + done, cycles });
    total.acknowledgedCount += report.acknowledgedCount;
    total.unsaidCount += report.unsaidCount;
    total.pointCount += report.pointCount;
    options.say?.(`${done + cycles} kills, ${JSON.stringify(total)}`);
  }
  return total;
}

async function stormOver(options: StormOptions): Promise<StormReport> {
  const folder = await mkdtemp(join(tmpdir(), 'secondwind-storm-'));
  const pipeline = new ThreadPipeline(2);
  const storm = new Storm(folder, pipeline, options.seed);
  try {
    const storage = stormStorage(folder);
    await createRepository({ storage, secret: stormSecret, clock: systemClock }, 'storm');
    for (let cycle = 1; cycle <= options.cycles; cycle++) await storm.cycle(cycle);
    return await storm.end();
  } finally {
    await storm.close();
    await pipeline.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Storm {
  readonly #folder: string;
  readonly #pipeline: ThreadPipeline;
  readonly #seed: number;
  readonly #random: Random;
  readonly #history: StormHistory;
  #next: StormProcess;
  #acknowledgedCount = 0;

  constructor(folder: string, pipeline: ThreadPipeline, seed: number) {
    this.#folder = folder;
    this.#pipeline = pipeline;
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#history = new StormHistory(seed);
    this.#next = new StormProcess(folder, seed);
  }

  /** One life and death. The process of the next cycle is started meanwhile, since starting takes longest. */
  async cycle(number: number): Promise<void> {
    const random = this.#random;
    const process = this.#next;
    await process.begin(this.#history.lastNumbers);
    const isKilledEarly = happens(random, 0.2);
    if (!isKilledEarly) await process.heard('ack');
    await wait(delayMsMin + integerBelow(random, delayMsMax - delayMsMin));
    await process.kill();
    this.#next = new StormProcess(this.#folder, this.#seed);
    this.#acknowledgedCount += process.acknowledged.length;
    const isIndexLost = number % 8 === 0;
    if (isIndexLost) await rm(stormIndexFolder(this.#folder), { recursive: true, force: true });
    await this.#withRepository(async (repository) => {
      const fresh = await this.#history.takeOver(repository, process.acknowledged);
      await this.#history.verify(repository, fresh);
      await this.#history.verify(repository, this.#history.sample(random, oldPointsRead));
      await assertSound(repository);
    });
  }

  /** Reads every point of the whole history once more. */
  async end(): Promise<StormReport> {
    await this.#withRepository((repository) =>
      this.#history.verify(repository, this.#history.all()),
    );
    const { pointCount } = this.#history;
    const acknowledgedCount = this.#acknowledgedCount;
    return { acknowledgedCount, unsaidCount: pointCount - acknowledgedCount, pointCount };
  }

  /** Ends the process that waits, and whatever a failure left. */
  async close(): Promise<void> {
    await this.#next.kill();
  }

  async #withRepository(use: (repository: Repository) => Promise<void>): Promise<void> {
    const repository = await openStorm(this.#folder, this.#pipeline);
    try {
      await use(repository);
    } finally {
      await repository.close();
    }
  }
}

async function assertSound(repository: Repository): Promise<void> {
  const { damages, indexFaults } = await repository.check({ contentShare: 1 });
  assert.deepEqual({ damages, indexFaults }, { damages: [], indexFaults: [] });
}
