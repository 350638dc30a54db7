import assert from 'node:assert/strict';
import { isSecondwindError } from '../../src/base/errors.ts';
import { happens, integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import type { CommitReceipt } from '../../src/repository/contract.ts';
import { chanceChoice } from '../../src/testing/crash-states.ts';
import type { CrashFault } from '../../src/testing/crash-storage.ts';
import { cutAfter, notedIn } from '../attacks/cut-states.ts';
import { emptyRepository, RepositoryRig } from '../attacks/repository-rig.ts';
import { pointsOf, verifyMachine } from '../attacks/verify-history.ts';
import { nextId, randomCommit } from '../attacks/workloads.ts';

/** What one life of a repository came to. */
export interface SimulationTally {
  commits: number;
  failedCommits: number;
  powerCuts: number;
  kills: number;
  faults: number;
  pointsRead: number;
}

const machines = ['web', 'mail', 'file'];
const options = { segmentBytes: 16 * 1024 };

/** What can happen, and how often in a hundred steps. */
const chances = {
  append: 48,
  read: 14,
  trouble: 9,
  calm: 8,
  powerCut: 6,
  kill: 5,
  reopen: 3,
  rebuild: 3,
  check: 2,
  clock: 2,
} as const;

type Action = keyof typeof chances;
const deck = Object.entries(chances).flatMap(([action, count]) =>
  Array<Action>(count).fill(action as Action),
);

/**
 * One repository with virtual time on a virtual disk, to which anything may happen at any step. Everything is decided by
 * the seed, and nothing runs beside it: the same seed is the same life, step by step.
 */
export class Simulation {
  readonly tally: SimulationTally = {
    commits: 0,
    failedCommits: 0,
    powerCuts: 0,
    kills: 0,
    faults: 0,
    pointsRead: 0,
  };
  readonly #random: Random;
  /** Acknowledged commits, and those seen after an opening: they must be there for ever. */
  readonly #durable = new Map<string, CommitReceipt>();
  /** By machine: ids in the order in which they were tried, those left out that are gone for good. */
  readonly #tried = new Map<string, string[]>(machines.map((machine) => [machine, []]));
  readonly #jitter: Random;
  #rig: RepositoryRig;

  private constructor(seed: number, files: Map<string, Buffer>) {
    this.#random = seededRandom(seed);
    this.#jitter = seededRandom(seed + 2 ** 40);
    this.#rig = new RepositoryRig(files, { ...options, jitter: this.#jitter });
  }

  /**
   * Lives one life.
   * @param seed - decides everything
   * @param steps - how long it is
   * @throws what went wrong, with the step
   */
  static async run(seed: number, steps: number): Promise<SimulationTally> {
    const simulation = new Simulation(seed, await emptyRepository());
    await simulation.#rig.open();
    for (let step = 0; step < steps; step++) {
      const action = oneOf(simulation.#random, deck);
      try {
        await simulation.#act(action);
      } catch (error) {
        throw new Error(`step ${step}: ${action}`, { cause: error });
      }
    }
    await simulation.#end();
    return simulation.tally;
  }

  async #act(action: Action): Promise<void> {
    switch (action) {
      case 'append':
        return this.#append();
      case 'read':
        return this.#read();
      case 'trouble':
        return this.#makeTrouble();
      case 'calm':
        return this.#calm();
      case 'powerCut':
        return this.#cutPower();
      case 'kill':
        return this.#kill();
      case 'reopen':
        return this.#reopen();
      case 'rebuild':
        return this.#rebuild();
      case 'check':
        return this.#check();
      case 'clock':
        this.#rig.clock.jump(integerBelow(this.#random, 40_000_000) - 20_000_000);
    }
  }

  async #append(): Promise<void> {
    const count = 1 + integerBelow(this.#random, 3);
    const appending = Array.from({ length: count }, async () => this.#appendOne());
    await Promise.all(appending);
  }

  async #appendOne(): Promise<void> {
    const machine = oneOf(this.#random, machines);
    const request = randomCommit(this.#rig, this.#random, { machine, blocksMax: 4 });
    const id = nextId(this.#rig);
    this.#tried.get(machine)!.push(id);
    try {
      const receipt = await this.#rig.append(id, request);
      this.#durable.set(id, receipt);
      this.tally.commits++;
    } catch (error) {
      this.tally.failedCommits++;
      assert(this.#isTroubled, 'without trouble every commit is stored');
      assert(isSecondwindError(error, 'IO_FAILED') || isSecondwindError(error, 'NO_SPACE'));
    }
  }

  get #isTroubled(): boolean {
    return this.#rig.storage.faults !== undefined;
  }

  async #read(): Promise<void> {
    await this.#verify(this.#random);
  }

  /** Compares what is visible with the model: acknowledged commits and nothing that failed. */
  async #verify(sample?: Random): Promise<void> {
    for (const machine of machines) {
      const expected = { machine, tried: this.#tried.get(machine)!, stored: this.#durable };
      const { repository, model } = this.#rig;
      const found = await verifyMachine(repository, model, {
        ...expected,
        ...(sample === undefined ? {} : { sample }),
      });
      this.tally.pointsRead += found.length;
    }
  }

  /** From now on operations fail, now and then or all of them. */
  async #makeTrouble(): Promise<void> {
    await Promise.resolve();
    const random = this.#random;
    const kind = oneOf<CrashFault>(random, ['io', 'full', 'short', 'late']);
    const chance = oneOf(random, [0.02, 0.2, 1]);
    this.#rig.storage.faults = (operation) => {
      if (operation === 'read' || !happens(random, chance)) return undefined;
      this.tally.faults++;
      return kind;
    };
  }

  async #calm(): Promise<void> {
    await Promise.resolve();
    this.#rig.storage.faults = undefined;
  }

  /** Whatever may be left of what was not synced; the index may be gone, or behind. */
  async #cutPower(): Promise<void> {
    this.tally.powerCuts++;
    const { storage, clock, model, commitCount } = this.#rig;
    // Anywhere in the last commits: the cut comes while something is under way.
    const pending = [this.#append(), this.#append()].map((each) => each.catch(() => undefined));
    for (let turn = integerBelow(this.#random, 700); turn > 0; turn--) await Promise.resolve();
    this.#rig.kill();
    pending.length = 0;
    const now = this.#rig.storage;
    const choose = chanceChoice(this.#random);
    const { files, index } = await cutAfter(now, now.steps.length, choose);
    assert(storage !== now && commitCount <= this.#rig.commitCount);
    const next = new RepositoryRig(files, {
      ...options,
      jitter: this.#jitter,
      model,
      ...(index === undefined ? {} : { index }),
    });
    next.clock.jump(clock.nowMicros() - next.clock.nowMicros());
    next.commitCount = this.#rig.commitCount;
    this.#rig = next;
    await this.#openAndAdopt();
  }

  /** The process ends; what it has written stays, synced or not. */
  async #kill(): Promise<void> {
    this.tally.kills++;
    const appending = this.#append().catch(() => undefined);
    for (let turn = integerBelow(this.#random, 500); turn > 0; turn--) await Promise.resolve();
    this.#rig.kill();
    assert(appending instanceof Promise);
    await this.#openAndAdopt();
  }

  /** After an opening: what is there stays there, and what is not there is gone for good. */
  async #openAndAdopt(): Promise<void> {
    for (const [id, receipt] of notedIn(this.#rig.storage.steps).stored) {
      this.#durable.set(id, receipt);
    }
    await this.#rig.open();
    await this.#verify();
    for (const machine of machines) {
      const ids = this.#rig.idsOf(machine);
      this.#tried.set(machine, ids);
      for (const [index, { timeMicros, sequence }] of pointsOf(
        this.#rig.repository,
        machine,
      ).entries()) {
        const sizes = { changedBytes: 0, newBytes: 0, storedBytes: 0 };
        this.#durable.set(ids[index]!, { timeMicros, sequence, ...sizes });
      }
    }
    assert.deepEqual(this.#rig.log.errors, []);
  }

  async #reopen(): Promise<void> {
    await this.#calm();
    await this.#rig.close();
    await this.#openAndAdopt();
  }

  async #rebuild(): Promise<void> {
    await this.#calm();
    await this.#rig.repository.rebuild({});
    await this.#verify();
  }

  async #check(): Promise<void> {
    const { damages, indexFaults } = await this.#rig.repository.check({ contentShare: 1 });
    assert.deepEqual([damages, indexFaults], [[], []]);
  }

  /** Once nothing fails any more, everything works again. */
  async #end(): Promise<void> {
    await this.#reopen();
    await this.#append();
    await this.#rebuild();
    await this.#check();
  }
}
