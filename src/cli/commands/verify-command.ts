import type { Command } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { formatCount } from '../../base/units.ts';
import type { FilesOrder } from '../../service/file-report.ts';
import type { HealthScheduleReport } from '../../service/verify/health-report.ts';
import { healthRhythms, readRhythm } from '../../service/verify/health-rhythm.ts';
import type {
  FindingReport,
  VerifyReport,
  VolumeHealthReport,
} from '../../service/verify/verify-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { scheduleTable, verdictWords } from '../output/health-lines.ts';
import { shownName } from '../output/shown-name.ts';

interface VerifyOptions {
  readonly at?: string;
  /** A rhythm; true when it was left out; false for --no-schedule. */
  readonly schedule?: string | boolean;
}

const schedulesPath = 'health-schedules';

/**
 * The command `verify`.
 * @param context - the world
 * @param fail - told the exit code of a command that ran well but has bad news
 */
export function verifyCommand(context: CommandContext, fail: (exitCode: number) => void): Command {
  return commandOf({
    usage: 'verify [where]',
    summary: 'Check the file systems of a machine, disk or volume as they stood at a moment',
    details: [
      "Our own reader walks all structures; then the system's programs check them, where they are installed:",
      'e2fsck, xfs_repair, ntfsfix, btrfs check, fsck.fat, fsck.exfat. They see a view; what they write is thrown away.',
      'The timeline shows the result at its point. Ends with 7 when there is damage.',
      'With --schedule the server checks the newest point by itself from now on, one machine or disk at a time and',
      `without hurry, when something was captured since: ${healthRhythms.join(', ')}. Alone it lists them.`,
    ],
    examples: [
      'secondwind verify db1',
      'secondwind verify db1/root --at "yesterday 9am" --json',
      'secondwind verify db1 --schedule every-day',
      'secondwind verify db1 --no-schedule',
      'secondwind verify --schedule',
    ],
    exits: [3, 7, 8, 9, 10],
  })
    .option('--at <time>', 'the moment; the newest when left out')
    .option('--schedule [how-often]', 'check it by itself from now on; alone: list all that are')
    .option('--no-schedule', 'check it by itself no more')
    .action(async (where: string | undefined, options: VerifyOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const { schedule, at } = options;
      if (schedule === undefined) await verify(session, { where, at }, fail);
      else await changeSchedule(session, where, options);
    });
}

async function verify(
  session: CommandSession,
  { where, at = 'now' }: { readonly where: string | undefined; readonly at: string | undefined },
  fail: (exitCode: number) => void,
): Promise<void> {
  const body: FilesOrder = { where: named(where), at: session.moment(at) };
  const call = { method: 'POST', path: apiPath(['verify']), body } as const;
  const report = await session.follow<VerifyReport>(call);
  session.printResult(report, () => reportText(session, report));
  if (report.verdict === 'damage') fail(7);
}

async function changeSchedule(
  session: CommandSession,
  where: string | undefined,
  { schedule, at }: VerifyOptions,
): Promise<void> {
  if (at !== undefined) {
    throw new SecondwindError('USAGE', { reason: '--at names one moment, --schedule none' });
  }
  if (schedule === true) await listSchedules(session, where);
  else if (schedule === false) await endSchedule(session, named(where));
  else await setSchedule(session, named(where), String(schedule));
}

async function listSchedules(session: CommandSession, where: string | undefined): Promise<void> {
  const call = { method: 'GET', path: apiPath([schedulesPath]) } as const;
  const all = await session.call<readonly HealthScheduleReport[]>(call);
  const shown = where === undefined ? all : all.filter((schedule) => schedule.where === where);
  const none =
    'Nothing is checked by itself. Begin with: secondwind verify MACHINE --schedule every-day\n';
  session.print(shown, () => (shown.length === 0 ? none : scheduleTable(session, shown)));
}

async function setSchedule(session: CommandSession, where: string, word: string): Promise<void> {
  const body = { where, rhythm: readRhythm(word) };
  const call = { method: 'POST', path: apiPath([schedulesPath]), body } as const;
  const schedule = await session.call<HealthScheduleReport>(call);
  session.print(
    schedule,
    () =>
      `${where} is checked ${word.replace('-', ' ')} from now on, when something new was captured.\n` +
      '"secondwind status" shows what the newest check came to.\n',
  );
}

async function endSchedule(session: CommandSession, where: string): Promise<void> {
  const call = { method: 'POST', path: apiPath([schedulesPath, 'end']), body: { where } } as const;
  const schedule = await session.call<HealthScheduleReport>(call);
  session.print(schedule, () => `${where} is not checked by itself any more; its results stay.\n`);
}

function named(where: string | undefined): string {
  if (where !== undefined) return where;
  throw new SecondwindError('USAGE', { reason: 'Name what is checked: MACHINE or MACHINE/DISK' });
}

function reportText(session: CommandSession, report: VerifyReport): string {
  const head = `${report.where} at point ${session.shown(report.point)}: ${verdictWords[report.verdict]}\n`;
  const notes = report.notes.map((note) => `note: ${shownName(note)}\n`);
  return [head, ...report.volumes.map(volumeText), ...notes].join('');
}

function volumeText(volume: VolumeHealthReport): string {
  const { fileSystem = 'no file system', verdict, checkers, findings, isCut } = volume;
  const by = checkers.length === 0 ? '' : `, checked by ${checkers.join(' and ')}`;
  const head = `${shownName(volume.volume)} (${fileSystem}): ${verdictWords[verdict]}${by}\n`;
  const more = isCut ? '  … and more\n' : '';
  return head + findings.map(findingText).join('') + more;
}

function findingText({ severity, checker, structure, offsetBytes, reason }: FindingReport): string {
  const place = offsetBytes === undefined ? '' : ` at byte ${formatCount(offsetBytes)}`;
  return `  ${severity}: ${checker}: ${shownName(structure)}${place}: ${shownName(reason)}\n`;
}
