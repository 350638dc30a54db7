import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import type { NameOrder, NameReport, NamesReport } from '../../service/name-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { shownName } from '../output/shown-name.ts';
import { table } from '../output/table.ts';
import { wholeNumber } from '../whole-number.ts';

interface FindOptions {
  readonly machine?: string;
  readonly between?: readonly string[];
  readonly limit?: string;
  readonly refresh?: boolean;
}

/**
 * The command `files find`.
 * @param context - the world
 */
export function findCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'find <pattern>',
    summary: 'Find files of all machines and all times by their names',
    details: [
      'The pattern is that of a name: * any characters, ? one, [a-z] one of these; case does not matter.',
      'Names are read from what was captured every quarter of an hour, and with --refresh at once. From',
      'and until are the moments at which a file was first seen and first missed.',
    ],
    examples: [
      "secondwind files find 'invoice*2026*.xlsx'",
      "secondwind files find '*.pst' --machine 'win*' --between yesterday now",
      'secondwind files find passwd --refresh --json',
    ],
    exits: [7, 8, 9],
  })
    .option('--machine <pattern>', 'only machines whose name fits')
    .option('--between <times...>', 'two times: files that were there at some moment between them')
    .option('--limit <number>', 'names shown at most')
    .option('--refresh', 'read the newest names first')
    .action(async (pattern: string, options: FindOptions, command: Command) => {
      const session = new CommandSession(context, command);
      await find(session, orderOf(session, pattern, options));
    });
}

function orderOf(session: CommandSession, pattern: string, options: FindOptions): NameOrder {
  const { machine, between, limit, refresh } = options;
  if (between !== undefined && between.length !== 2) {
    throw new SecondwindError('USAGE', { reason: '--between takes two times' });
  }
  const [from, to] = (between ?? []).map((text) => session.plainMoment(text));
  return {
    pattern,
    ...(machine === undefined ? {} : { machines: machine }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(limit === undefined ? {} : { limitMax: wholeNumber(limit) }),
    ...(refresh === true ? { isRefreshed: true } : {}),
  };
}

async function find(session: CommandSession, body: NameOrder): Promise<void> {
  const call = { method: 'POST', path: apiPath(['files', 'find']), body } as const;
  const report = await session.gather<NamesReport>(call, (batch) => {
    const names = batch as readonly NameReport[];
    session.printBatch(names, () => nameTable(session, names));
  });
  session.printResult(report, () => endText(session, report));
}

function nameTable(session: CommandSession, names: readonly NameReport[]): string {
  return table(
    [
      { title: 'FROM' },
      { title: 'UNTIL' },
      { title: 'SIZE', isRight: true },
      { title: 'WHERE' },
      { title: 'PATH' },
    ],
    names.map((name) => [
      session.cell(name.from),
      name.until === undefined ? 'still there' : session.cell(name.until),
      name.kind === 'file' ? formatBytes(name.sizeBytes) : name.kind,
      name.where,
      shownName(name.path),
    ]),
  );
}

function endText(
  session: CommandSession,
  { nameCount, isMore, indexed, notes }: NamesReport,
): string {
  const found = `${formatCount(nameCount)} ${nameCount === 1 ? 'name' : 'names'} found${isMore ? ', and there are more' : ''}.\n`;
  const reached = indexed.map(({ where, reached: at }) =>
    at === undefined
      ? `${where}: its names are being read for the first time\n`
      : `${where}: names are known up to ${session.shown(at)}\n`,
  );
  const hint = indexed.length === 0 ? 'No names were read yet; --refresh reads them now.\n' : '';
  return (
    found + hint + reached.join('') + notes.map((note) => `note: ${shownName(note)}\n`).join('')
  );
}
