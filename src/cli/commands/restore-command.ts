import { Command, Option } from 'commander';
import { SecondwindError } from '../../base/errors.ts';
import { parseDiskName } from '../../base/names.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../base/units.ts';
import type {
  RefusalName,
  RestoreOrder,
  RestorePlanReport,
  RestoreReport,
} from '../../service/restore-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { askYes } from '../prompt.ts';

interface RestoreOptions {
  readonly at: string;
  readonly to: string;
  readonly inPlace?: boolean;
  readonly yes?: boolean;
  readonly plan?: boolean;
  readonly evenIf?: readonly RefusalName[];
}

const refusals = ['mounted', 'wrong-size', 'in-use', 'exists'] as const;

/**
 * The command `restore`.
 * @param context - the world
 */
export function restoreCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'restore <machine/disk>',
    summary: 'Write a disk as it stood at a moment to a file or device',
    details: [
      'A file is written sparse. With --in-place only the blocks that differ are written;',
      'how many is told first. When the target is the backing of a live tap, they are written',
      'through the tap, so that the rollback itself is a point and can be undone.',
    ],
    examples: [
      'secondwind restore db1/root --at "14:05:09" --to /srv/db1-as-it-was.img',
      'secondwind restore db1/root --at bookmark:before-upgrade --to /dev/sdb --even-if exists',
      'secondwind restore db1/root --at "2 minutes ago" --to /srv/db1.img --in-place',
    ],
    exits: [3, 4, 5, 7, 8, 9, 10],
  })
    .requiredOption('--at <time>', 'the moment: a time, "now", or bookmark:NAME')
    .requiredOption('--to <file>', 'file or device that is written')
    .option('--in-place', 'write only the blocks that differ')
    .option('--plan', 'with --in-place: only tell how much would be written')
    .option('--yes', 'with --in-place: do not ask before writing')
    .addOption(evenIfOption())
    .action(async (name: string, options: RestoreOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const order = restoreOrder(session, name, options);
      const body = order.isInPlace ? await agreed(session, order, options) : order;
      if (body === undefined) return;
      const path = apiPath(['restores']);
      const report = await session.follow<RestoreReport>({ method: 'POST', path, body });
      session.printResult(report, () => restoredText(session, report));
    });
}

function evenIfOption(): Option {
  return new Option('--even-if <reason...>', 'overrule a refusal').choices([...refusals]);
}

function restoreOrder(
  session: CommandSession,
  name: string,
  options: RestoreOptions,
): RestoreOrder {
  const isInPlace = options.inPlace ?? false;
  if (!isInPlace && (options.plan === true || options.yes === true)) {
    throw new SecondwindError('USAGE', { reason: '--plan and --yes belong to --in-place' });
  }
  return {
    ...parseDiskName(name),
    at: session.moment(options.at),
    target: session.path(options.to),
    isInPlace,
    evenIf: options.evenIf ?? [],
  };
}

/**
 * Tells what an in-place restore would write, and finds out whether that is wanted.
 * @returns the order for exactly the moment that was shown, even if that was "now"; undefined when only the plan is wanted
 */
async function agreed(
  session: CommandSession,
  body: RestoreOrder,
  options: RestoreOptions,
): Promise<RestoreOrder | undefined> {
  if (options.yes === true && session.isJson) return body;
  const path = apiPath(['restores', 'plan']);
  const plan = await session.follow<RestorePlanReport>({ method: 'POST', path, body });
  if (options.plan === true) {
    session.printResult(plan, () => planText(session, plan));
    return undefined;
  }
  session.say(planText(session, plan).trimEnd());
  const shown = { ...body, at: plan.asked };
  if (options.yes === true || plan.differingBlocks === 0) return shown;
  if (!session.isJson && (await askYes(session.context, 'Write them?'))) return shown;
  const option = '--yes';
  const reason = `writing ${formatCount(plan.differingBlocks)} blocks to ${plan.target} was not confirmed`;
  throw new SecondwindError('REFUSED', { reason, option });
}

function planText(session: CommandSession, plan: RestorePlanReport): string {
  return (
    `${standing(session, plan)}:\n` +
    `${formatCount(plan.differingBlocks)} blocks (${formatBytes(plan.differingBytes)} of ${formatBytes(plan.sizeBytes)}) of ${plan.target} differ` +
    `${plan.isThroughTap ? '; they will be written through its tap' : ''}.\n` +
    zeroesText(plan)
  );
}

function restoredText(session: CommandSession, report: RestoreReport): string {
  const { differingBytes, durationMs } = report;
  const where = `${report.target}${report.isThroughTap ? ' through its tap' : ''}`;
  const rate = formatRate(report.sizeBytes, durationMs);
  const written = `${formatBytes(report.writtenBytes)} written to ${where}, the rest are holes`;
  const what = differingBytes === undefined ? written : changeText(report, differingBytes, where);
  return `${standing(session, report)}:\n${what}; ${formatDuration(durationMs)} (${rate}).\n${zeroesText(report)}`;
}

function zeroesText({ excludedBytes }: RestorePlanReport | RestoreReport): string {
  if (excludedBytes === undefined) return '';
  return `${formatBytes(excludedBytes)} of it are zeroes because they were excluded.\n`;
}

function changeText(report: RestoreReport, differingBytes: number, where: string): string {
  if (differingBytes === 0) return `${where} did not differ, and was not written`;
  return `${formatBytes(differingBytes)} of ${formatBytes(report.sizeBytes)} differed, and were written to ${where}`;
}

function standing(session: CommandSession, report: RestorePlanReport | RestoreReport): string {
  const name = `${report.machine}/${report.disk}`;
  return `${name} as it stood at ${session.shown(report.asked)}, point ${session.cell(report.point).split(' ')[1]}`;
}
