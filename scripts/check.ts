/**
 * Runs every check of the code itself, and tells at the end which failed. Two at a time, the longest first.
 *   npm run check [NAME…]      only the named ones: format types lint layers dead unshipped tidy
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const concurrency = 2;
const outputBytesMax = 64 * 1024 * 1024;
const codeFolders = ['src', 'test', 'demo', 'bench'].filter((folder) =>
  existsSync(join(root, folder)),
);

/** Where a check keeps what it found. */
function kept(name: string): string {
  return join('node_modules', '.cache', name);
}

/** Each check: the package that does it, the command of that package, and its arguments. */
const checks: Readonly<Record<string, readonly [string, string, ...string[]]>> = {
  // Only what was edited since it was last found good. What an edit elsewhere makes wrong in a file, the whole look of a
  // fresh clone finds, which has nothing kept.
  lint: [
    'eslint',
    'eslint',
    '.',
    '--max-warnings=0',
    '--cache',
    '--cache-strategy=content',
    `--cache-location=${kept('eslint')}`,
  ],
  types: ['typescript', 'tsc'],
  layers: ['dependency-cruiser', 'depcruise', '--no-progress', ...codeFolders],
  dead: ['knip', 'knip', '--no-progress'],
  // Files of the product that only tests reach. Memory and inline implementations and the NBD client are meant to be so.
  unshipped: ['knip', 'knip', '--no-progress', '--production', '--include=files'],
  format: ['@biomejs/biome', 'biome', 'check', '--colors=off', '.'],
  tidy: ['', 'scripts/tidy.ts'],
};

interface Outcome {
  readonly name: string;
  readonly isGreen: boolean;
  readonly output: string;
  readonly seconds: number;
}

process.exitCode = await main(process.argv.slice(2));

async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => !(name in checks));
  if (unknown.length > 0) {
    console.error(
      `Unknown check: ${unknown.join(', ')}. There are: ${Object.keys(checks).join(' ')}`,
    );
    return 2;
  }
  const queue = Object.keys(checks).filter((name) => asked.length === 0 || asked.includes(name));
  const red: string[] = [];
  const worker = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const outcome = await run(name);
      report(outcome);
      if (!outcome.isGreen) red.push(name);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  console.log(red.length === 0 ? 'check: all green' : `check: red: ${red.join(', ')}`);
  return red.length === 0 ? 0 : 1;
}

async function run(name: string): Promise<Outcome> {
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers<Omit<Outcome, 'name' | 'seconds'>>();
  const options = { cwd: root, maxBuffer: outputBytesMax };
  execFile(process.execPath, commandOf(name), options, (error, stdout, stderr) => {
    resolve({ isGreen: error === null, output: `${stdout}${stderr}`.trim() });
  });
  return { ...(await promise), name, seconds: (performance.now() - started) / 1000 };
}

function commandOf(name: string): string[] {
  const [packageName, command, ...rest] = checks[name]!;
  return [...process.execArgv, packageName === '' ? command : binOf(packageName, command), ...rest];
}

/** The file a package runs for a command, so that the pinned Node runs it and not the one in its first line. */
function binOf(packageName: string, command: string): string {
  const folder = join(root, 'node_modules', packageName);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly bin: string | Readonly<Record<string, string>>;
  };
  return join(folder, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command]!);
}

function report(outcome: Outcome): void {
  const mark = outcome.isGreen ? 'ok ' : 'RED';
  console.log(`${mark} ${outcome.name.padEnd(9)} ${outcome.seconds.toFixed(1)} s`);
  if (!outcome.isGreen) console.log(outcome.output);
}
