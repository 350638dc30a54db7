import type { Command } from 'commander';
import { formatBytes, formatCount } from '../../base/units.ts';
import type {
  ChangedFilesOrder,
  ChangedFilesReport,
  FileChangeReport,
} from '../../service/change-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { shownName } from '../output/shown-name.ts';
import { table } from '../output/table.ts';

interface MomentOptions {
  readonly from: string;
  readonly to: string;
}

/** What is more is printed in batches as it is found, without sorting. */
const sortedChangesMax = 100_000;

/**
 * The command `files changed`.
 * @param context - the world
 */
export function changedCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'changed <where> [path]',
    summary: 'Show which files were created, changed, renamed or deleted between two moments',
    details: [
      'With a path, only that file or what lies below that directory. Files are told apart by what the',
      'file system says of them (size, times, owner, permissions); contents are not read. What lies in a',
      'directory that was renamed is not listed.',
    ],
    examples: [
      'secondwind files changed db1 --from yesterday --to now',
      'secondwind files changed db1 /etc --from bookmark:before-upgrade --to "14:05:09"',
      'secondwind files changed win1 \'C:\\Windows\' --from "1 hour ago" --to now --json',
    ],
    exits: [3, 4, 7, 9, 10],
  })
    .requiredOption('--from <time>', 'the earlier moment: a time, "now", or bookmark:NAME')
    .requiredOption('--to <time>', 'the later moment')
    .action(
      async (where: string, path: string | undefined, options: MomentOptions, command: Command) => {
        const session = new CommandSession(context, command);
        const [from, to] = [session.moment(options.from), session.moment(options.to)];
        await showChanges(session, { where, path: path ?? '/', from, to });
      },
    );
}

async function showChanges(session: CommandSession, body: ChangedFilesOrder): Promise<void> {
  const changes: FileChangeReport[] = [];
  const flush = (): void => {
    if (changes.length > 0) session.printBatch([...changes], () => changeTable(session, changes));
    changes.length = 0;
  };
  const call = { method: 'POST', path: apiPath(['files', 'changed']), body } as const;
  const report = await session.gather<ChangedFilesReport>(call, (batch) => {
    changes.push(...(batch as FileChangeReport[]));
    if (session.isJson || changes.length > sortedChangesMax) flush();
  });
  changes.sort((left, right) => (left.path < right.path ? -1 : 1));
  flush();
  session.printResult(report, () => endText(session, report));
}

function changeTable(session: CommandSession, changes: readonly FileChangeReport[]): string {
  const columns = [
    { title: 'CHANGE' },
    { title: 'SIZE', isRight: true },
    { title: 'MODIFIED' },
    { title: 'PATH' },
  ];
  const rows = changes.map((change) => [
    change.isChanged === true ? 'renamed, changed' : change.change,
    change.kind === 'file' ? formatBytes(change.sizeBytes) : change.kind,
    session.cell(change.modified),
    pathsText(change),
  ]);
  return table(columns, rows);
}

function pathsText({ path, previousPath }: FileChangeReport): string {
  const shown = shownName(path);
  return previousPath === undefined ? shown : `${shownName(previousPath)} -> ${shown}`;
}

function endText(session: CommandSession, report: ChangedFilesReport): string {
  const { where, path, changeCount, fromPoint, toPoint, notes } = report;
  const place = `${where}:${shownName(path)}`;
  const span = `between ${session.shown(fromPoint)} and ${session.shown(toPoint)}`;
  const remarks = notes.map((note) => `note: ${shownName(note)}\n`).join('');
  return `${formatCount(changeCount)} ${changeCount === 1 ? 'change' : 'changes'} in ${place} ${span}\n${remarks}`;
}
