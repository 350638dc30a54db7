import { join } from 'node:path';
import type { CommandLine } from '../measure/run-command.ts';
import type { ArchiveTool } from './archive-tool.ts';
import { writePassphrase } from './passphrase.ts';

/**
 * restic with its defaults: format 2, zstd, encrypted. `--force` makes it read everything again.
 * @param folder - holds all it has
 */
export function restic(folder: string): ArchiveTool {
  const store = join(folder, 'repository');
  const command = (...args: readonly string[]): CommandLine => ({
    program: 'restic',
    args: [
      ...['--repo', store, '--password-file', writePassphrase(folder)],
      ...['--cache-dir', join(folder, 'cache'), '--quiet', ...args],
    ],
  });
  return {
    name: 'restic',
    isIncremental: true,
    store,
    create: () => [command('init')],
    save: (image) => command('backup', '--force', image),
    restore: (_saved, target) => command('restore', 'latest', '--target', target),
    restored: ({ image }, target) => join(target, image),
  };
}
