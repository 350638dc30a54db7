import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Simulation, type SimulationTally } from './simulation.ts';

const firstSeed = Number(process.env['SEED'] ?? 1);
const lives = 200;
const steps = 25;

test(`${lives} short lives of a repository to which anything may happen`, async (context) => {
  const sum: Partial<SimulationTally> = {};
  for (let seed = firstSeed; seed < firstSeed + lives; seed++) {
    let tally: SimulationTally;
    try {
      tally = await Simulation.run(seed, steps);
    } catch (error) {
      const command = `npm run simulate -- --seed ${seed} --runs 1 --steps ${steps}`;
      throw new Error(`Repeat it: ${command}`, { cause: error });
    }
    for (const key of Object.keys(tally) as (keyof SimulationTally)[]) {
      sum[key] = (sum[key] ?? 0) + tally[key];
    }
  }
  context.diagnostic(JSON.stringify(sum));
  assert(sum.commits! > lives * steps * 0.5 && sum.powerCuts! > lives && sum.faults! > lives);
});

test('the same seed is the same life', async () => {
  assert.deepEqual(await Simulation.run(7, 60), await Simulation.run(7, 60));
});
