import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseBytes } from '../../src/base/units.ts';

/** How large everything is, and what becomes of the results. */
export interface BenchOptions {
  /** Names of the works to be run; none for all. */
  readonly works: readonly string[];
  /** Size of the disk image, bytes. */
  readonly imageBytes: number;
  /** Size of each of the four images of the dedup work, bytes. */
  readonly twinBytes: number;
  /** Rounds of each measurement; the median counts. */
  readonly rounds: number;
  /** Length of each measurement of a server, seconds. */
  readonly seconds: number;
  /** Commits in the long history of the views work. */
  readonly commits: number;
  /** Chunks in the index work. */
  readonly chunks: number;
  /** Files in the works that walk a file system. */
  readonly files: number;
  /** Names in the index of names. */
  readonly names: number;
  /** Absolute path of the folder for images and repositories. */
  readonly workFolder: string;
  /** Whether images and the peers' repositories stay for the next run. */
  readonly isKept: boolean;
  /** Whether the results are printed as JSON. */
  readonly isJson: boolean;
  /** Whether the results go to docs/benchmarks.md. */
  readonly isWritten: boolean;
  /** Whether our own programs write a processor profile below the work folder. */
  readonly isProfiled: boolean;
  /** Whether only the usage is wanted. */
  readonly isHelp: boolean;
}

/** What `--help` says before the list of works. */
export const usage = `Usage: npm run bench -- [WORK…] [options]

Measures us and the peers side by side on the same data. Without a WORK: all of them.

  --size SIZE       the disk image (4 GiB)
  --twin-size SIZE  each of the four images of the dedup work (1 GiB)
  --rounds N        repeat each measurement in turn; the median counts (1)
  --seconds N       length of each measurement of a server (20)
  --commits N       commits in the long history of open-view (1000000)
  --chunks N        chunks in the index work (20000000)
  --files N         files of a file system that is walked (100000)
  --names N         names in the index of names (1000000)
  --try             all of it small and short: 256 MiB, 2 s, 10000 commits, 200000 chunks, 3000 files, 20000 names
  --work DIR        where images and repositories go (.bench); needs three times the image and more
  --keep            leave images and the peers' repositories for the next run
  --json            print the results as JSON
  --write, --no-write  put the results into docs/benchmarks.md (yes, unless it is smaller than full size)
  --profile         our own programs leave processor profiles in the work folder
`;

const full = {
  size: '4GiB',
  'twin-size': '1GiB',
  seconds: '20',
  commits: '1000000',
  chunks: '20000000',
  files: '100000',
  names: '1000000',
};
const small = {
  size: '256MiB',
  'twin-size': '128MiB',
  seconds: '2',
  commits: '10000',
  chunks: '200000',
  files: '3000',
  names: '20000',
};

/**
 * Reads the command line.
 * @param args - what follows the script
 * @param projectFolder - where `.bench` is made by default
 */
export function parseOptions(args: readonly string[], projectFolder: string): BenchOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      ...{ size: text, 'twin-size': text, rounds: text, seconds: text, commits: text },
      ...{ chunks: text, files: text, names: text, work: text, write: { type: 'boolean' } },
      ...{ try: flag, keep: flag, json: flag, profile: flag, help: flag },
    },
  });
  const sizes = { ...(values.try ? small : full), ...defined(values) };
  const isFull = Object.entries(full).every(
    ([name, value]) => sizes[name as keyof typeof full] === value,
  );
  return {
    works: positionals,
    imageBytes: parseBytes(sizes.size),
    twinBytes: parseBytes(sizes['twin-size']),
    rounds: count(values.rounds ?? '1', 'rounds'),
    seconds: count(sizes.seconds, 'seconds'),
    commits: count(sizes.commits, 'commits'),
    chunks: count(sizes.chunks, 'chunks'),
    files: count(sizes.files, 'files'),
    names: count(sizes.names, 'names'),
    workFolder: resolve(projectFolder, values.work ?? '.bench'),
    isKept: values.keep,
    isJson: values.json,
    isWritten: values.write ?? (isFull && !values.profile),
    isProfiled: values.profile,
    isHelp: values.help,
  };
}

function defined(values: Partial<typeof full>): Partial<typeof full> {
  const names = Object.keys(full) as (keyof typeof full)[];
  return Object.fromEntries(
    names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  );
}

function count(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a whole number of 1 or more, not "${text}"`);
}
