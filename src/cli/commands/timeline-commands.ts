import type { Command } from 'commander';
import { parseDiskName, parseMachineOrDiskName } from '../../base/names.ts';
import { formatIsoMoment } from '../../base/time-text.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import type { BookmarkReport } from '../../service/disk-report.ts';
import type { ChangesOrder, ChangesReport, TimelineReport } from '../../service/timeline-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { healthLines } from '../output/health-lines.ts';
import { table } from '../output/table.ts';
import { barOf, intervalsOf, type TimelineInterval } from '../output/timeline-picture.ts';
import { wholeNumber } from '../whole-number.ts';

interface TimelineOptions {
  readonly from?: string;
  readonly to?: string;
  readonly points?: boolean;
  readonly limit?: number;
}

interface DiffOptions {
  readonly from: string;
  readonly to: string;
  readonly exact?: boolean;
}

const barWidth = 30;
const rangesShownMax = 20;

/**
 * The commands `timeline`, `bookmark` and `diff`.
 * @param context - the world
 */
export function timelineCommands(context: CommandContext): Command[] {
  return [timelineCommand(context), bookmarkCommand(context), diffCommand(context)];
}

function timelineCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'timeline <machine[/disk]>',
    summary: 'Show which moments can be restored, and how much changed when',
    details: ['Bars show the bytes that changed; ░ is a gap; ◆ is a bookmark.'],
    examples: [
      'secondwind timeline db1',
      'secondwind timeline db1/root --from "yesterday 9am" --to now',
      'secondwind timeline db1 --points --json',
    ],
    exits: [3, 9],
  })
    .option('--from <time>', 'only from this moment')
    .option('--to <time>', 'only to this moment')
    .option('--points', 'list every point instead of intervals')
    .option('--limit <count>', 'most points wanted; the newest are taken', wholeNumber)
    .action(async (name: string, options: TimelineOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const { machine, disk } = parseMachineOrDiskName(name);
      const query = {
        disk,
        from: session.plainMoment(options.from),
        to: session.plainMoment(options.to),
        limit: options.limit,
      };
      const path = apiPath(['machines', machine, 'timeline'], query);
      const timeline = await session.call<TimelineReport>({ method: 'GET', path });
      session.print(timeline, () => timelineText(session, timeline, options.points ?? false));
    });
}

function timelineText(session: CommandSession, timeline: TimelineReport, isList: boolean): string {
  const name =
    timeline.disk === undefined ? timeline.machine : `${timeline.machine}/${timeline.disk}`;
  if (timeline.points.length === 0 && timeline.gaps.length === 0)
    return `${name}: no points there.\n`;
  const zone = `${name}, times in ${session.context.timeZone}\n`;
  const picture = isList ? pointTable(session, timeline) : intervalTable(session, timeline);
  const cut = timeline.isCut ? 'Older points are left out; see --limit, --from and --to.\n' : '';
  const health = healthLines(session, timeline.machine, timeline.health);
  return zone + picture + gapLines(session, timeline) + health + cut;
}

function intervalTable(session: CommandSession, timeline: TimelineReport): string {
  const intervals = intervalsOf(timeline);
  const most = Math.max(1, ...intervals.map((interval) => interval.changedBytes));
  const rows = intervals
    .filter((interval, index) => !isQuiet(interval) || !isQuiet(intervals[index - 1]))
    .map((interval) => intervalRow(session, interval, most));
  const columns = [
    { title: 'FROM' },
    { title: 'CHANGED'.padEnd(barWidth) },
    { title: '', isRight: true },
    { title: 'STORED', isRight: true },
    { title: 'POINTS', isRight: true },
    { title: 'MARKS' },
  ];
  return table(columns, rows);
}

/** Of quiet intervals in a row one stands for all. */
function isQuiet(interval: TimelineInterval | undefined): boolean {
  return interval !== undefined && interval.pointCount === 0 && !interval.isGap;
}

function intervalRow(
  session: CommandSession,
  interval: TimelineInterval,
  most: number,
): readonly string[] {
  const from = session.cell(formatIsoMoment(interval.startMicros)).replace('.000', '');
  if (isQuiet(interval)) return ['  …', '', '', '', '', ''];
  return [
    from,
    (interval.isGap ? '░' : '') + barOf(interval.changedBytes / most, barWidth),
    interval.pointCount === 0 ? '' : formatBytes(interval.changedBytes),
    interval.pointCount === 0 ? '' : formatBytes(interval.storedBytes),
    interval.pointCount === 0 ? '' : formatCount(interval.pointCount),
    interval.marks.join('  '),
  ];
}

function pointTable(session: CommandSession, timeline: TimelineReport): string {
  const rows = timeline.points.map((point) => [
    session.cell(point.time),
    String(point.sequence),
    formatBytes(point.changedBytes),
    formatBytes(point.storedBytes),
    point.disks
      .map(({ disk, state }) => (state === 'whole' ? disk : `${disk} (filling)`))
      .join(' '),
    point.notes
      .map((note) => `${note.kind === 'bookmark' ? '◆' : `${note.kind}:`} ${note.text}`)
      .join('  '),
  ]);
  const columns = [
    { title: 'POINT' },
    { title: 'NUMBER', isRight: true },
    { title: 'CHANGED', isRight: true },
    { title: 'STORED', isRight: true },
    { title: 'DISKS' },
    { title: 'MARKS' },
  ];
  return table(columns, rows);
}

function gapLines(session: CommandSession, timeline: TimelineReport): string {
  return timeline.gaps
    .map((gap) => {
      const name = `${timeline.machine}/${gap.disk}`;
      const end = gap.to === undefined ? 'until now' : `to ${session.cell(gap.to)}`;
      const span = `from ${session.cell(gap.from)} ${end}`;
      return isFirstImage(timeline, gap.from)
        ? `first image of ${name}: ${span}\n`
        : `gap: ${name} cannot be restored ${span}\n`;
    })
    .join('');
}

/** Before the oldest point of all nothing could have been missed. */
function isFirstImage(timeline: TimelineReport, from: string): boolean {
  const oldest = timeline.points[0];
  return oldest?.sequence === 1 && from <= oldest.time;
}

interface BookmarkOptions {
  readonly at?: string;
  readonly quiesce?: boolean;
}

function bookmarkCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'bookmark <machine> <name>',
    summary: 'Give a moment a name; restore it with --at bookmark:NAME',
    details: ['Without --at a commit is cut now, and its point is named.'],
    examples: [
      'secondwind bookmark db1 before-upgrade',
      'secondwind bookmark db1 nightly --quiesce',
      'secondwind bookmark db1 month-end --at "2026-10-31 23:59:59"',
    ],
    exits: [3, 4, 5, 9, 10],
  })
    .option('--at <time>', 'the moment, when it is not now')
    .option(
      '--quiesce',
      "have the guest's agent hold its file systems and applications still for it",
    )
    .action(async (machine: string, name: string, options: BookmarkOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const at = options.at === undefined ? {} : { at: session.moment(options.at) };
      const path = apiPath(['machines', machine, 'bookmarks']);
      const quiesced = options.quiesce === true ? { isQuiesced: true } : {};
      const body = { name, ...at, ...quiesced };
      const bookmark = await session.call<BookmarkReport>({ method: 'POST', path, body });
      session.print(
        bookmark,
        () => `${machine}: "${bookmark.name}" is ${session.shown(bookmark.time)}\n`,
      );
    });
}

function diffCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'diff <machine/disk>',
    summary: 'Show which ranges of a disk changed between two moments',
    details: [
      'A range counts when something else was written to it, even if it was written back; see --exact.',
    ],
    examples: ['secondwind diff db1/root --from "10 minutes ago" --to now'],
    exits: [3, 8, 9, 10],
  })
    .requiredOption('--from <time>', 'the first moment')
    .requiredOption('--to <time>', 'the second moment')
    .option('--exact', 'read both moments, and leave out what was written but is the same')
    .action(async (name: string, options: DiffOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const { machine, disk } = parseDiskName(name);
      const body: ChangesOrder = {
        from: session.moment(options.from),
        to: session.moment(options.to),
        isExact: options.exact ?? false,
      };
      const path = apiPath(['disks', machine, disk, 'changes']);
      const changes = await session.follow<ChangesReport>({ method: 'POST', path, body });
      session.printResult(changes, () => changesText(session, name, changes));
    });
}

function changesText(session: CommandSession, name: string, changes: ChangesReport): string {
  const head =
    `${name} between point ${session.shown(changes.fromPoint)}\n` +
    `${' '.repeat(name.length)}     and point ${session.shown(changes.toPoint)}:\n` +
    `${formatBytes(changes.changedBytes)} in ${formatCount(changes.rangeCount)} ranges differ.\n`;
  if (changes.rangeCount === 0) return head;
  const shown = changes.ranges.slice(0, rangesShownMax);
  const columns = [
    { title: 'OFFSET', isRight: true },
    { title: 'LENGTH', isRight: true },
    { title: '', isRight: true },
  ];
  const rows = shown.map(({ offsetBytes, lengthBytes }) => [
    formatCount(offsetBytes),
    formatCount(lengthBytes),
    formatBytes(lengthBytes),
  ]);
  const more = changes.rangeCount - shown.length;
  return (
    head +
    table(columns, rows) +
    (more > 0 ? `… and ${formatCount(more)} more; --json lists them.\n` : '')
  );
}
