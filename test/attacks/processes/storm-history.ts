import assert from 'node:assert/strict';
import { integerBelow, type Random } from '../../../src/base/random.ts';
import type { Repository } from '../../../src/repository/index.ts';
import { contentHash, StormDisks, stormMachines } from './storm-commits.ts';
import type { Acknowledged } from './storm-process.ts';

/** Most commits a storm looks at in one folder; a longer history takes a new folder. */
const pointsMax = 200_000;

interface Point {
  readonly timeMicros: number;
  /** Content of every disk of the machine, by disk. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** What the repository of a storm must hold: every point it was once seen to hold, and never less than was acknowledged. */
export class StormHistory {
  readonly #seed: number;
  readonly #machines = new Map<string, { points: Point[]; disks: StormDisks }>();

  /** @param seed - of the storm */
  constructor(seed: number) {
    this.#seed = seed;
    for (const machine of stormMachines.keys()) {
      this.#machines.set(machine, { points: [], disks: new StormDisks() });
    }
  }

  /** Last commit of each machine. */
  get lastNumbers(): Readonly<Record<string, number>> {
    const entries = [...this.#machines].map(([machine, { points }]) => [machine, points.length]);
    return Object.fromEntries(entries) as Record<string, number>;
  }

  /** Points of all machines. */
  get pointCount(): number {
    return [...this.#machines.values()].reduce((sum, { points }) => sum + points.length, 0);
  }

  /**
   * Takes over what a killed process left, and holds it against what it had acknowledged.
   * @param repository - opened again
   * @param acknowledged - of the killed process
   * @returns points that are new
   */
  async takeOver(
    repository: Repository,
    acknowledged: readonly Acknowledged[],
  ): Promise<readonly [machine: string, number: number][]> {
    const before = this.lastNumbers;
    for (const [machine, { points, disks }] of this.#machines) {
      const times = timesOf(repository, machine);
      assert.deepEqual(
        times.slice(0, points.length),
        points.map(({ timeMicros }) => timeMicros),
        `${machine}: points of before are not what they were`,
      );
      for (let number = points.length + 1; number <= times.length; number++) {
        disks.apply({ seed: this.#seed, machine, number });
        points.push({ timeMicros: times[number - 1]!, hashes: disks.hashes() });
      }
    }
    for (const { machine, number, timeMicros } of acknowledged) {
      const stored = this.#machines.get(machine)!.points[number - 1];
      assert.equal(stored?.timeMicros, timeMicros, `${machine}: commit ${number} was lost`);
    }
    return [...this.#machines].flatMap(([machine, { points }]) =>
      points.slice(before[machine]).map((_, at) => [machine, before[machine]! + at + 1] as const),
    ) as [string, number][];
  }

  /**
   * Reads points whole and compares every byte.
   * @param repository - open
   * @param points - which
   */
  async verify(
    repository: Repository,
    points: readonly (readonly [string, number])[],
  ): Promise<void> {
    for (const [machine, number] of points) {
      const { timeMicros, hashes } = this.#machines.get(machine)!.points[number - 1]!;
      for (const [disk, hash] of hashes) {
        const view = await repository.openView({ machine, disk }, timeMicros);
        const content = Buffer.alloc(view.sizeBytes);
        await view.read(content, 0);
        await view.close();
        assert.equal(contentHash(content), hash, `${machine}/${disk} differs at commit ${number}`);
      }
    }
  }

  /**
   * Draws points.
   * @param random - where chance comes from
   * @param count - how many
   */
  sample(random: Random, count: number): readonly (readonly [string, number])[] {
    const all = this.all();
    if (all.length <= count) return all;
    return Array.from({ length: count }, () => all[integerBelow(random, all.length)]!);
  }

  /** Every point. */
  all(): readonly (readonly [string, number])[] {
    return [...this.#machines].flatMap(([machine, { points }]) =>
      points.map((_, at) => [machine, at + 1] as const),
    );
  }
}

/** Times of all commits of a machine, whose marks say that none is missing, twice there or at another's place. */
function timesOf(repository: Repository, machine: string): number[] {
  if (!repository.disks().some(({ name }) => name.machine === machine)) return [];
  const { points, isCut } = repository.timeline({ machine, limit: pointsMax });
  assert(!isCut, 'the history is longer than a storm may be');
  for (const [at, { sequence, notes }] of points.entries()) {
    assert.equal(sequence, at + 1);
    const bookmark = notes.find(({ kind }) => kind === 'bookmark');
    assert.equal(bookmark?.text, String(at + 1), `${machine}: another commit at ${at + 1}`);
  }
  return points.map(({ timeMicros }) => timeMicros);
}
