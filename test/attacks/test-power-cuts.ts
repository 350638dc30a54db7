import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { integerBelow, seededRandom } from '../../src/base/random.ts';
import { chanceChoice } from '../../src/testing/crash-states.ts';
import { cutAfter } from './cut-states.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { type Depth, surviveCut } from './survive-cut.ts';
import type { Workload } from './workloads.ts';

/** How many cuts are tried. */
export interface CutCounts {
  /** Runs of each workload, each with steps of its own. */
  readonly seeds: number;
  /** States drawn after each step. */
  readonly statesPerStep: number;
  /** First seed; a failure names the one to repeat. */
  readonly firstSeed: number;
}

/** What was tried. */
interface Tally {
  points: number;
  drawn: number;
  distinct: number;
}

/** Most states are only opened and read; every eighth is appended to, and one more is also built anew from its segments. */
const depths: readonly Depth[] = [...Array<Depth>(6).fill('open'), 'append', 'rebuild'];

/**
 * Runs workloads, cuts the power after every step, and opens what may be left.
 * @param workloads - what runs
 * @param counts - how often
 */
export function testPowerCuts(workloads: readonly Workload[], counts: CutCounts): void {
  describe('a power cut after any step', () => {
    for (const workload of workloads) {
      test(workload.name, async (context) => {
        const tally: Tally = { points: 0, drawn: 0, distinct: 0 };
        for (let seed = counts.firstSeed; seed < counts.firstSeed + counts.seeds; seed++) {
          await cutEverywhere(workload, seed, counts.statesPerStep, tally);
        }
        const { points, drawn, distinct } = tally;
        context.diagnostic(`${points} cuts, ${drawn} states, ${distinct} of them different`);
        assert(distinct > points / 2);
      });
    }
  });
}

async function cutEverywhere(
  workload: Workload,
  seed: number,
  statesPerStep: number,
  tally: Tally,
): Promise<void> {
  const { options } = workload;
  const jitter = workload.hasJitter === true ? { jitter: seededRandom(seed) } : {};
  const rig = new RepositoryRig(await emptyRepository(), { ...options, ...jitter });
  await rig.open();
  await workload.run(rig, seededRandom(seed));
  const { storage, model } = rig;
  const seen = new Set<string>();
  for (let step = 0; step <= storage.steps.length; step++, tally.points++) {
    for (let attempt = 0; attempt < statesPerStep; attempt++) {
      const random = seededRandom(seed * 1e9 + step * 1000 + attempt);
      const depth = depths[integerBelow(random, depths.length)]!;
      const state = await cutAfter(storage, step, chanceChoice(random));
      tally.drawn++;
      if (seen.has(state.key + depth)) continue;
      seen.add(state.key + depth);
      tally.distinct++;
      try {
        await surviveCut(state, model, { options, depth, random });
      } catch (error) {
        const at = `step ${step} of ${storage.steps.length}, attempt ${attempt}`;
        throw new Error(`Repeat it with SEED=${seed}: it fails after ${at}`, { cause: error });
      }
    }
  }
}
