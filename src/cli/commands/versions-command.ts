import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { IsoMoment } from '../../service/moments.ts';
import type { VersionReport, VersionsOrder, VersionsReport } from '../../service/version-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { table } from '../output/table.ts';

/**
 * The command `files versions`.
 * @param context - the world
 */
export function versionsCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'versions <where> <path>',
    summary: 'Show every version of a file over its whole history',
    details: [
      'A version lasts from one commit to another. CONTENT tells whether it differs from the version before.',
      'Get one with "files copy … --version N", or with --at and its time.',
    ],
    examples: [
      'secondwind files versions db1 /etc/passwd',
      'secondwind files versions db1/root/2 /var/lib/app.db --to yesterday',
    ],
    exits: [3, 4, 7, 9, 10],
  })
    .option('--to <time>', 'only versions up to this moment')
    .action(async (where: string, path: string, options: { to?: string }, command: Command) => {
      const session = new CommandSession(context, command);
      const to = options.to === undefined ? {} : { to: session.moment(options.to) };
      const report = await askVersions(session, { where, path, ...to });
      session.printResult(report, () => versionsText(session, report));
    });
}

/**
 * Asks when a version of a file began.
 * @param session - talks to the server
 * @param order - which file
 * @param number - 1 for the newest
 * @throws NOT_FOUND when there is none of that number; what the route throws
 */
export async function momentOfVersion(
  session: CommandSession,
  order: VersionsOrder,
  number: number,
): Promise<IsoMoment> {
  const { versions } = await askVersions(session, order);
  const found = versions.find((version) => version.number === number);
  if (found !== undefined) return found.from;
  throw new SecondwindError('NOT_FOUND', { what: 'version', name: String(number) });
}

function askVersions(session: CommandSession, body: VersionsOrder): Promise<VersionsReport> {
  return session.follow({ method: 'POST', path: apiPath(['files', 'versions']), body });
}

const contentWords: Readonly<Record<VersionReport['contentChange'], string>> = {
  yes: 'changed',
  no: 'the same',
  unknown: 'not compared',
  first: 'first version',
};

function versionsText(session: CommandSession, report: VersionsReport): string {
  const columns = [
    { title: 'VERSION', isRight: true },
    { title: 'FROM' },
    { title: 'UNTIL' },
    { title: 'SIZE', isRight: true },
    { title: 'MODIFIED' },
    { title: 'CONTENT' },
  ];
  const rows = report.versions.map((version) => [
    String(version.number),
    session.cell(version.from),
    session.cell(version.until),
    formatBytes(version.sizeBytes),
    session.cell(version.modified),
    contentWords[version.contentChange],
  ]);
  return table(columns, rows) + (report.isCut ? 'There are older ones; see --to.\n' : '');
}
