import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { parseDiskName } from '../../base/names.ts';
import { formatBytes } from '../../base/units.ts';
import type { ViewClosing, ViewOrder, ViewReport } from '../../service/view-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';

interface OpenOptions {
  readonly at: string;
  readonly listen: string;
  readonly writable?: boolean;
}

/**
 * The commands `open` and `close`.
 * @param context - the world
 */
export function viewCommands(context: CommandContext): Command[] {
  return [openCommand(context), closeCommand(context)];
}

function openCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'open <machine/disk>',
    summary: 'Serve a disk as it stood at a moment, as a live network disk',
    details: [
      'With --writable it can be written; the changes lie in an overlay and never touch the repository.',
      'A read-only view comes back after a restart of the server, a writable one does not.',
    ],
    examples: [
      'secondwind open db1/root --at 14:05:09 --listen unix:/tmp/then.sock',
      'nbdfuse /mnt/then "nbd+unix:///?socket=/tmp/then.sock"',
      'secondwind open db1/root --at yesterday --listen 127.0.0.1:10810 --writable',
    ],
    exits: [3, 4, 5, 8, 9, 10],
  })
    .requiredOption('--at <time>', 'the moment: a time, "now", or bookmark:NAME')
    .requiredOption('--listen <address>', 'where to serve it: unix:PATH or HOST:PORT')
    .option('--writable', 'let clients write, into an overlay')
    .action(async (name: string, options: OpenOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const body: ViewOrder = {
        ...parseDiskName(name),
        at: session.moment(options.at),
        listen: session.endpoint(options.listen),
        isWritable: options.writable ?? false,
      };
      const view = await session.call<ViewReport>({
        method: 'POST',
        path: apiPath(['views']),
        body,
      });
      session.print(view, () => openedText(session, view));
    });
}

function openedText(session: CommandSession, view: ViewReport): string {
  const mode = view.isWritable ? 'writable (changes lie in an overlay)' : 'read-only';
  return (
    `${view.machine}/${view.disk} as it stood at ${session.shown(view.asked)}, point ${session.cell(view.point).split(' ')[1]},\n` +
    `is open ${mode} at ${view.uri}\n` +
    zeroesText(view) +
    `End it with: secondwind close ${view.id}\n`
  );
}

function zeroesText({ excludedBytes }: ViewReport): string {
  if (excludedBytes === undefined) return '';
  return `${formatBytes(excludedBytes)} of it read as zeroes because they were excluded.\n`;
}

function closeCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'close <view>',
    summary: 'Close an open view; "status" lists them',
    details: [
      'What was written to a writable view is thrown away, unless --keep names a file for the whole disk.',
    ],
    examples: ['secondwind close view-1', 'secondwind close view-2 --keep /srv/repaired.img'],
    exits: [3, 4, 7, 8, 9],
  })
    .option('--keep <file>', 'first write the disk with its changes to this new file')
    .action(async (id: string, options: { keep?: string }, command: Command) => {
      const session = new CommandSession(context, command);
      if (!/^[\w-]{1,40}$/.test(id)) {
        throw new SecondwindError('NOT_FOUND', { what: 'view', name: id.slice(0, 60) });
      }
      const body: ViewClosing =
        options.keep === undefined ? {} : { keepAs: session.path(options.keep) };
      const path = apiPath(['views', id, 'close']);
      const view = await session.follow<ViewReport>({ method: 'POST', path, body });
      const kept = body.keepAs === undefined ? '' : `, its disk is kept as ${body.keepAs}`;
      session.printResult(view, () => `${view.id} is closed${kept}.\n`);
    });
}
