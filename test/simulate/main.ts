/**
 * Lives of a repository with virtual time on a virtual disk that fails, forgets and tears; each is decided by its seed.
 *   npm run simulate -- [--seed N] [--runs M] [--steps K]
 * One life after the other, from seed N on. A failure prints the command that repeats it, and ends with exit code 1.
 */
import { parseArgs } from 'node:util';
import { Simulation } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '100' },
    steps: { type: 'string', default: '200' },
  },
});
const [first, runs, steps] = [Number(values.seed), Number(values.runs), Number(values.steps)];
const started = performance.now();
const sum: Record<string, number> = {};

for (let seed = first; seed < first + runs; seed++) {
  try {
    for (const [what, count] of Object.entries(await Simulation.run(seed, steps))) {
      sum[what] = (sum[what] ?? 0) + Number(count);
    }
  } catch (error) {
    console.error(
      `Seed ${seed} failed. Repeat it: npm run simulate -- --seed ${seed} --runs 1 --steps ${steps}`,
    );
    console.error(error);
    process.exit(1);
  }
  if ((seed - first) % 20 === 19) console.log(`${seed - first + 1} of ${runs} lives`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${runs} lives of ${steps} steps in ${seconds} s: ${JSON.stringify(sum)}`);
