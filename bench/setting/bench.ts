import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Images } from '../data/images.ts';
import type { CommandLine } from '../measure/run-command.ts';
import { ownProgram } from '../peers/ours.ts';
import type { WorkResult } from '../report/result.ts';
import type { Archives } from './archives.ts';
import type { BenchOptions } from './options.ts';

/** What every work is given. */
export interface Bench {
  readonly options: BenchOptions;
  readonly images: Images;
  readonly archives: Archives;
  /** Says what goes on. */
  readonly say: (line: string) => void;
}

/** One thing that is measured. */
export interface Work {
  /** Its name on the command line. */
  readonly name: string;
  /** What is measured, as a heading. */
  readonly title: string;
  /** Measures. */
  run(bench: Bench): Promise<WorkResult>;
}

/**
 * A folder of one work's own, which is gone afterwards. Two runs may share the work folder; what a killed one left is removed.
 * @param bench - names the work folder
 * @param use - what to do with it
 */
export async function withScratch<T>(
  bench: Bench,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { workFolder } = bench.options;
  await mkdir(workFolder, { recursive: true });
  for (const name of await readdir(workFolder)) {
    const owner = /^scratch-(\d+)$/.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    await rm(join(workFolder, name), { recursive: true, force: true });
  }
  const folder = join(workFolder, `scratch-${process.pid}`);
  await mkdir(folder);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A command line of ours, profiled when that was asked for.
 * @param bench - knows
 * @param args - verb and arguments
 */
export function ourCommand(bench: Bench, ...args: readonly string[]): CommandLine {
  return ownProgram(args, { profileFolder: profileFolder(bench.options) });
}

/**
 * Where profiles go.
 * @param options - of the run
 * @returns undefined when none are wanted
 */
export function profileFolder(options: BenchOptions): string | undefined {
  return options.isProfiled ? join(options.workFolder, 'profiles') : undefined;
}
