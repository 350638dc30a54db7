import { type Command, Option } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { parseDiskName } from '../../base/names.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import type { ExclusionOrder, ExclusionReport } from '../../service/exclusion-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

interface ExcludeOptions {
  readonly path?: readonly string[];
  readonly preset?: readonly ('linux' | 'windows')[];
  readonly unallocated?: true;
  readonly none?: true;
}

/**
 * The command `disk exclude`.
 * @param context - the world
 */
export function excludeCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'exclude <machine/disk>',
    summary: 'Leave files, swap space or free space out of the scans of an image',
    details: [
      'Without options it shows what is excluded. Options replace what was excluded before, from the next scan on.',
      'Paths are those that the system on the disk shows, or begin at the root of each volume; a folder',
      'stands for all in it, and a pattern without "/" for every file of such a name.',
      'Blocks that belong to nothing else read as zeroes then, and views, restores and "files" say so.',
      'In doubt a block is stored. Older points keep what they have.',
    ],
    examples: [
      'secondwind disk exclude web1/root --preset linux --unallocated',
      'secondwind disk exclude win1/c --preset windows --path "D:\\\\Backup\\\\Scratch" "*.iso"',
      'secondwind disk exclude web1/root',
      'secondwind disk exclude web1/root --none',
    ],
    exits: [2, 3, 8, 9],
  })
    .option('--path <glob...>', 'files and folders')
    .addOption(
      new Option('--preset <system...>', 'swap and page files, hibernation, temp folders').choices([
        'linux',
        'windows',
      ]),
    )
    .option('--unallocated', 'space that no file has')
    .option('--none', 'exclude nothing any more')
    .action(async (name: string, options: ExcludeOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const { machine, disk } = parseDiskName(name);
      const path = apiPath(['disks', machine, disk, 'exclusions']);
      const body = orderOf(options);
      const report = await (body === undefined
        ? session.call<ExclusionReport>({ method: 'GET', path })
        : session.call<ExclusionReport>({ method: 'POST', path, body }));
      session.print(report, () => exclusionText(session, report));
    });
}

/**
 * @returns undefined when nothing is to be changed
 * @throws USAGE
 */
function orderOf(options: ExcludeOptions): ExclusionOrder | undefined {
  const { path = [], preset = [], unallocated = false, none = false } = options;
  const isAnything = path.length > 0 || preset.length > 0 || unallocated;
  if (none && isAnything) {
    throw new SecondwindError('USAGE', { reason: '--none goes with no other option' });
  }
  if (!none && !isAnything) return undefined;
  return { paths: path, presets: [...new Set(preset)], isUnallocatedExcluded: unallocated };
}

function exclusionText(session: CommandSession, report: ExclusionReport): string {
  const { machine, disk, paths, presets, isUnallocatedExcluded, since, found } = report;
  const name = `${machine}/${disk}`;
  const rules = [
    ...paths.map((path) => `path ${path}`),
    ...presets.map((preset) => `preset ${preset}`),
    ...(isUnallocatedExcluded ? ['space that no file has'] : []),
  ];
  if (rules.length === 0) return `Nothing of ${name} is excluded.\n`;
  const head = `Excluded of ${name}${since === undefined ? '' : ` since ${session.shown(since)}`}:\n`;
  return head + rules.map((rule) => `  ${rule}\n`).join('') + foundText(session, found);
}

function foundText(session: CommandSession, found: ExclusionReport['found']): string {
  if (found === undefined) return 'The next scan leaves it out.\n';
  const { point, fileBytes, fileCount, unallocatedBytes, notes } = found;
  return (
    `Point ${session.shown(point)} lacks ${formatBytes(fileBytes)} of files and swap space ` +
    `(${fileCount === 1 ? '1 file' : `${formatCount(fileCount)} files`}) and ${formatBytes(unallocatedBytes)} that no file had.\n` +
    notes.map((note) => `Note: ${note}\n`).join('')
  );
}
