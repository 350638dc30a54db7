/**
 * Throws broken input at the decoders:
 *   npm run fuzz                                lists the targets
 *   npm run fuzz -- NAME… [--cases N] [--seed S] [--first K]
 *   npm run fuzz -- all --cases 1000000
 * A failure prints the input and the command that repeats it.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type FuzzOptions, fuzz } from './fuzz.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { allTargets } from './targets/all-targets.ts';

const casesDefault = 100_000;
/** So many inputs at a time, to tell how far it has come. */
const stepCases = 100_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cases: { type: 'string', default: String(casesDefault) },
      seed: { type: 'string', default: String(randomInt(2 ** 32)) },
      first: { type: 'string', default: '0' },
    },
  });
  const names = allTargets.map(({ name }) => name);
  const unknown = positionals.filter((name) => name !== 'all' && !names.includes(name));
  if (positionals.length === 0 || unknown.length > 0) {
    for (const name of unknown) console.error(`There is no target ${name}.`);
    console.log(`npm run fuzz -- NAME… [--cases N] [--seed S] [--first K]\nall ${names.join(' ')}`);
    return unknown.length > 0 ? 2 : 0;
  }
  const [cases, seed, first] = [values.cases, values.seed, values.first].map(Number);
  const isAll = positionals.includes('all');
  const chosen = allTargets.filter(({ name }) => isAll || positionals.includes(name));
  for (const target of chosen) await run(target, { cases: cases!, seed: seed!, first: first! });
  return 0;
}

async function run(target: FuzzTarget, { cases, seed, first = 0 }: FuzzOptions): Promise<void> {
  for (let done = 0; done < cases; done += stepCases) {
    const step = { seed, first: first + done, cases: Math.min(stepCases, cases - done) };
    const report = await fuzz(target, step);
    console.log(
      `${target.name} --seed ${seed} --first ${step.first} --cases ${step.cases}`,
      report,
    );
  }
}
