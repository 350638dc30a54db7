import type { Command } from 'commander';
import { formatBytes, formatCount } from '../../base/units.ts';
import type { StatsReport } from '../../service/repository-report.ts';
import type { StatusReport } from '../../service/status-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { diskTable, viewTable } from '../output/disk-lines.ts';
import { runningCheckLine, scheduleTable } from '../output/health-lines.ts';
import { factSheet } from '../output/table.ts';

/**
 * The commands `status` and `stats`.
 * @param context - the world
 */
export function statusCommands(context: CommandContext): Command[] {
  const status = commandOf({
    usage: 'status',
    summary: 'Show the server, every disk and every open view at a glance',
    examples: ['secondwind status', "secondwind status --json | jq '.disks[] | {disk, lagMs}'"],
    exits: [9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const report = await session.call<StatusReport>({ method: 'GET', path: apiPath(['status']) });
    session.print(report, () => statusText(session, report));
  });
  const stats = commandOf({
    usage: 'stats',
    summary: 'Show sizes, and what dedup and compression save',
    examples: ['secondwind stats', 'secondwind stats --json'],
    exits: [9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const report = await session.call<StatsReport>({ method: 'GET', path: apiPath(['stats']) });
    session.print(report, () => statsText(session, report));
  });
  return [status, stats];
}

function statusText(session: CommandSession, report: StatusReport): string {
  const head = factSheet([
    [
      'server',
      `secondwind ${report.version}, process ${report.pid}, since ${session.shown(report.since)}`,
    ],
    ['data', report.dataFolder],
    ['last point', report.lastPoint === undefined ? 'none yet' : session.shown(report.lastPoint)],
  ]);
  const views = report.views.length === 0 ? '' : `\n${viewTable(session, report.views)}`;
  const shown = [
    ...report.mounts.map(({ folder }) => `files are mounted on ${folder}\n`),
    ...report.shares.map(({ url }) => `files are served at ${url}\n`),
  ];
  const files = shown.length === 0 ? '' : `\n${shown.join('')}`;
  const checks = checkText(session, report);
  return `${head}\n${diskTable(session, report.disks)}${checks}${views}${files}`;
}

function checkText(session: CommandSession, report: StatusReport): string {
  const { healthSchedules, healthCheck } = report;
  const text = [
    ...(healthSchedules.length === 0 ? [] : [scheduleTable(session, healthSchedules)]),
    ...(healthCheck === undefined ? [] : [runningCheckLine(session, healthCheck)]),
  ];
  return text.length === 0 ? '' : `\n${text.join('')}`;
}

function statsText(session: CommandSession, report: StatsReport): string {
  const window =
    report.first === undefined || report.last === undefined
      ? 'nothing stored yet'
      : `${session.shown(report.first)} to ${session.shown(report.last)}`;
  return factSheet([
    ['window', window],
    ['captured', formatBytes(report.logicalBytes)],
    ['unique', `${formatBytes(report.uniqueBytes)}   dedup ${times(report.dedupRatio)}`],
    [
      'stored',
      `${formatBytes(report.storedBytes)}   compression ${times(report.compressionRatio)}`,
    ],
    ['together', times(report.totalRatio)],
    ['machines', `${formatCount(report.machineCount)}, disks ${formatCount(report.diskCount)}`],
    ['commits', formatCount(report.commitCount)],
    ['chunks', `${formatCount(report.chunkCount)} in ${formatCount(report.segmentCount)} segments`],
  ]);
}

function times(ratio: number): string {
  return ratio === 0 ? '–' : `${ratio.toFixed(2)} : 1`;
}
