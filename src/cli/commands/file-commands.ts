import type { Command } from 'commander';
import { formatCount } from '../../base/units.ts';
import type { FileOrder, FileReport, ListingReport } from '../../service/file-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandGroup, commandOf } from '../command-words.ts';
import { fileTable } from '../output/file-lines.ts';
import { shownName } from '../output/shown-name.ts';
import { changedCommand } from './changed-command.ts';
import { collectCommand } from './collect-command.ts';
import { copyCommand } from './copy-command.ts';
import { findCommand } from './find-command.ts';
import { mountCommands } from './mount-commands.ts';
import { versionsCommand } from './versions-command.ts';

interface AtOption {
  readonly at: string;
}

const exits = [3, 4, 7, 9, 10];
const atWords = 'the moment: a time, "now", or bookmark:NAME';

/** What is longer is printed in batches as it lies, without sorting. */
const sortedEntriesMax = 100_000;

/**
 * The commands `files …`.
 * @param context - the world
 * @param fail - told the exit code of a command that ran well but has bad news
 */
export function fileCommands(context: CommandContext, fail: (exitCode: number) => void): Command {
  const commands = [
    listCommand(context),
    catCommand(context),
    copyCommand(context, fail),
    versionsCommand(context),
    changedCommand(context),
    findCommand(context),
    ...mountCommands(context),
    collectCommand(context, fail),
  ];
  return commandGroup('files', 'Get files off any disk as they stood at any second', commands);
}

function listCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'list <where> [path]',
    summary: 'List a directory as it stood at a moment',
    details: [
      'WHERE is MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION or MACHINE/GROUP/VOLUME. With a machine',
      'alone, paths are those that its own system shows. Where there are several file systems and no',
      'such paths, each lies below the name of its volume. Odd characters in names are shown as \\x1b.',
    ],
    examples: [
      'secondwind files list db1 /etc --at yesterday',
      'secondwind files list db1/root/2 /var/lib --at "14:05:09"',
      "secondwind files list win1 'C:\\Users' --at now --json",
    ],
    exits,
  })
    .requiredOption('--at <time>', atWords)
    .action(
      async (where: string, path: string | undefined, options: AtOption, command: Command) => {
        const session = new CommandSession(context, command);
        const body: FileOrder = { where, path: path ?? '/', at: session.moment(options.at) };
        await list(session, body);
      },
    );
}

async function list(session: CommandSession, body: FileOrder): Promise<void> {
  const files: FileReport[] = [];
  const flush = (): void => {
    if (files.length > 0) session.printBatch([...files], () => fileTable(session, files));
    files.length = 0;
  };
  const call = { method: 'POST', path: apiPath(['files', 'list']), body } as const;
  const report = await session.gather<ListingReport>(call, (batch) => {
    files.push(...(batch as FileReport[]));
    if (session.isJson || files.length > sortedEntriesMax) flush();
  });
  files.sort((left, right) => (left.name < right.name ? -1 : 1));
  flush();
  session.printResult(report, () => listingText(session, report));
}

function listingText(session: CommandSession, report: ListingReport): string {
  const { where, path, entryCount, notes } = report;
  const place = `${where}:${shownName(path)} as it stood at ${session.shown(report.asked)}`;
  const remarks = notes.map((note) => `note: ${shownName(note)}\n`).join('');
  return `${formatCount(entryCount)} ${entryCount === 1 ? 'entry' : 'entries'} in ${place}\n${remarks}`;
}

function catCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'cat <where> <path>',
    summary: 'Write the bytes of a file as it stood at a moment to standard output',
    details: ['Links are followed within the disk that they lie on, never outside.'],
    examples: [
      'secondwind files cat db1 /etc/fstab --at "10 minutes ago"',
      'secondwind files cat db1/root/2 /var/lib/app.db --at bookmark:before-upgrade > app.db',
    ],
    exits,
  })
    .requiredOption('--at <time>', atWords)
    .action(async (where: string, path: string, options: AtOption, command: Command) => {
      const session = new CommandSession(context, command);
      const body: FileOrder = { where, path, at: session.moment(options.at) };
      const call = { method: 'POST', path: apiPath(['files', 'read']), body } as const;
      await session.read(call, { piece: (bytes) => context.writeBytes(bytes) });
    });
}
