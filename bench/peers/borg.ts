import { join } from 'node:path';
import type { CommandLine } from '../measure/run-command.ts';
import type { ArchiveTool } from './archive-tool.ts';
import { writePassphrase } from './passphrase.ts';

/**
 * borg with the settings nearest to ours: zstd level 1, encrypted and authenticated. Without its files cache it reads
 * everything again.
 * @param folder - holds all it has
 */
export function borg(folder: string): ArchiveTool {
  const store = join(folder, 'repository');
  const command = (args: readonly string[], directory?: string): CommandLine => ({
    program: 'borg',
    args,
    environment: {
      BORG_BASE_DIR: join(folder, 'base'),
      BORG_PASSCOMMAND: `cat ${writePassphrase(folder)}`,
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    },
    ...(directory === undefined ? {} : { directory }),
  });
  const settings = ['--compression', 'zstd,1', '--files-cache', 'disabled'];
  return {
    name: 'borg zstd,1',
    isIncremental: true,
    store,
    create: () => [command(['init', '--encryption', 'repokey', store])],
    save: (image, label) => command(['create', ...settings, `${store}::${label}`, image]),
    restore: ({ label }, target) => command(['extract', `${store}::${label}`], target),
    restored: ({ image }, target) => join(target, image),
  };
}
