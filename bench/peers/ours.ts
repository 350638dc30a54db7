import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandLine } from '../measure/run-command.ts';
import type { ArchiveTool } from './archive-tool.ts';

const script = fileURLToPath(new URL('../ours.ts', import.meta.url));

/** How our own programs are run. */
export interface OwnProgramOptions {
  /** Folder for processor profiles; none are made when left out. */
  readonly profileFolder?: string | undefined;
}

/**
 * A command line for one of our own programs, which call the product as its server does.
 * @param args - its name and arguments
 * @param options - see OwnProgramOptions
 */
export function ownProgram(args: readonly string[], options: OwnProgramOptions = {}): CommandLine {
  const { profileFolder } = options;
  const profile =
    profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const node = ['--disable-warning=ExperimentalWarning', ...profile];
  return { program: process.execPath, args: [...node, script, ...args] };
}

/**
 * Ourselves: deduplicated, zstd level 1, encrypted, every commit on stable storage.
 * @param folder - holds all it has
 * @param options - see OwnProgramOptions
 */
export function secondwind(folder: string, options: OwnProgramOptions = {}): ArchiveTool {
  const command = (...args: readonly string[]): CommandLine => ownProgram(args, options);
  return {
    name: 'secondwind',
    isIncremental: true,
    store: join(folder, 'store'),
    create: () => [command('create', folder)],
    save: (image) => command('scan', folder, image),
    restore: (_saved, target) => command('restore', folder, join(target, 'image')),
    restored: (_saved, target) => join(target, 'image'),
  };
}
