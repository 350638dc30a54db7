/**
 * Throws broken input at the decoders, and broken disk images at the readers of file systems:
 *   npm run fuzz                                lists the targets
 *   npm run fuzz -- NAME… [--cases N] [--seed S] [--first K]
 *   npm run fuzz -- all --cases 1000000         of each
 *   npm run fuzz -- images --cases 1000000      of each reader
 * A failure prints the input, where that is short, and the command that repeats it.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type FuzzOptions, fuzz } from './fuzz.ts';
import { fuzzImage } from './fuzz-image.ts';
import { allTargets } from './targets/all-targets.ts';
import { imageTargets } from './targets/image-targets.ts';

const casesDefault = 100_000;
/** So many inputs at a time, to tell how far it has come. */
const stepCases = 100_000;

/** What runs a target, by its name. */
const targets: ReadonlyMap<string, (options: FuzzOptions) => Promise<object>> = new Map([
  ...allTargets.map((target) => [target.name, (step: FuzzOptions) => fuzz(target, step)] as const),
  ...imageTargets.map(
    (target) =>
      [
        target.name,
        (step: FuzzOptions): Promise<object> => fuzzImage(target, { ...step, isTimed: true }),
      ] as const,
  ),
]);
const groups = ['all', 'images'];

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
  const names = [...targets.keys()];
  const unknown = positionals.filter((name) => !groups.includes(name) && !targets.has(name));
  if (positionals.length === 0 || unknown.length > 0) {
    for (const name of unknown) console.error(`There is no target ${name}.`);
    console.log(
      `npm run fuzz -- NAME… [--cases N] [--seed S] [--first K]\n${[...groups, ...names].join(' ')}`,
    );
    return unknown.length > 0 ? 2 : 0;
  }
  const [cases, seed, first] = [values.cases, values.seed, values.first].map(Number);
  const isAll = positionals.includes('all');
  const hasImages = positionals.includes('images');
  const images = new Set(imageTargets.map(({ name }) => name));
  for (const name of names) {
    if (isAll || (hasImages && images.has(name)) || positionals.includes(name))
      await run(name, { cases: cases!, seed: seed!, first: first! });
  }
  return 0;
}

async function run(name: string, { cases, seed, first = 0 }: FuzzOptions): Promise<void> {
  for (let done = 0; done < cases; done += stepCases) {
    const step = { seed, first: first + done, cases: Math.min(stepCases, cases - done) };
    const report = await targets.get(name)!(step);
    console.log(`${name} --seed ${seed} --first ${step.first} --cases ${step.cases}`, report);
  }
}
