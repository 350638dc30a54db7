import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { integerBelow, seededRandom } from '../../src/base/random.ts';
import { chanceChoice } from '../../src/testing/crash-states.ts';
import { cutAfter } from './cut-states.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { type Depth, surviveCut } from './survive-cut.ts';
import { workloads } from './workloads.ts';

/** Seeds of each workload; every one is another run with its own steps. */
const seedCount = Number(process.env['SECONDWIND_CUT_SEEDS'] ?? 2);
const statesPerStep = 4;
const firstSeed = Number(process.env['SEED'] ?? 1);

describe('a power cut after any step', () => {
  for (const workload of workloads) {
    test(workload.name, async (context) => {
      let points = 0;
      let states = 0;
      for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
        const rig = new RepositoryRig(await emptyRepository(), workload.options);
        await rig.open();
        await workload.run(rig, seededRandom(seed));
        const { storage, model } = rig;
        for (let step = 0; step <= storage.steps.length; step++, points++) {
          for (let attempt = 0; attempt < statesPerStep; attempt++, states++) {
            const name = `seed ${seed}, step ${step} of ${storage.steps.length}, attempt ${attempt}`;
            const random = seededRandom(seed * 1e9 + step * 100 + attempt);
            const depth = (['open', 'append', 'rebuild'] as Depth[])[integerBelow(random, 3)]!;
            try {
              const state = await cutAfter(storage, step, chanceChoice(random));
              await surviveCut(state, model, { options: workload.options, depth, random });
            } catch (error) {
              throw new Error(`after ${name}`, { cause: error });
            }
          }
        }
      }
      context.diagnostic(`${points} cuts, ${states} states`);
      assert(points > 0);
    });
  }
});
