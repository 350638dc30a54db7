import { formatCountOf } from '../../base/units.ts';
import type {
  DiskHealthReport,
  HealthScheduleReport,
  RunningCheckReport,
} from '../../service/verify/health-report.ts';
import type { Verdict } from '../../service/verify/verify-report.ts';
import type { CommandSession } from '../command-session.ts';
import { shownName } from './shown-name.ts';
import { table } from './table.ts';

/** What a health check came to, in words; damage must not be overlooked. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  clean: 'clean',
  damage: 'DAMAGED',
  unchecked: 'not checked',
};

/**
 * Writes the health of a disk for a table: "clean, 2026-11-21 14:05:09.250 +01:00".
 * @param session - knows the zone
 * @param health - undefined gives an empty cell
 */
export function healthCell(session: CommandSession, health: DiskHealthReport | undefined): string {
  if (health === undefined) return '';
  return `${verdictWords[health.verdict]}, ${session.cell(health.point)}`;
}

/**
 * Says in a line what is damaged on a disk, and how to see all of it.
 * @param session - knows the zone
 * @param name - "db1/root"
 * @param health - of that disk
 * @returns empty when no damage was found
 */
export function damageLine(
  session: CommandSession,
  name: string,
  health: DiskHealthReport | undefined,
): string {
  if (health?.verdict !== 'damage') return '';
  const { damageCount, firstDamage = '', point, where } = health;
  const found = formatCountOf(damageCount, 'damage');
  return (
    `${name}: DAMAGED at point ${session.shown(point)}: ${found}, first ${shownName(firstDamage)}\n` +
    `  see all: secondwind verify ${where} --at "${session.cell(point)}"\n`
  );
}

/**
 * Says in a line of each disk what its newest check came to.
 * @param session - knows the zone
 * @param machine - of the disks
 * @param health - one for each disk that was checked
 */
export function healthLines(
  session: CommandSession,
  machine: string,
  health: readonly DiskHealthReport[],
): string {
  return health
    .map((each) => {
      const name = `${machine}/${each.disk}`;
      const damage = damageLine(session, name, each);
      const point = `newest point verified ${session.shown(each.point)}`;
      return damage === '' ? `${name}: ${verdictWords[each.verdict]}, ${point}\n` : damage;
    })
    .join('');
}

/**
 * Writes health checks that run by themselves as a table.
 * @param session - knows the zone
 * @param schedules - from a report
 */
export function scheduleTable(
  session: CommandSession,
  schedules: readonly HealthScheduleReport[],
): string {
  const columns = [
    { title: 'CHECKED' },
    { title: 'HOW OFTEN' },
    { title: 'LAST POINT CHECKED' },
    { title: 'NEXT, IF ANYTHING IS NEW' },
  ];
  const rows = schedules.map((schedule) => [
    schedule.where,
    schedule.rhythm.replace('-', ' '),
    session.cell(schedule.point),
    session.cell(schedule.due),
  ]);
  const failures = schedules
    .filter(({ failure }) => failure !== undefined)
    .map(({ where, failure = '' }) => `${where}: COULD NOT BE CHECKED: ${failure}\n`);
  return table(columns, rows) + failures.join('');
}

/**
 * Says in a line which health check runs.
 * @param session - knows the zone
 * @param check - from a report
 */
export function runningCheckLine(session: CommandSession, check: RunningCheckReport): string {
  const { where, isScheduled, since, progress } = check;
  const { phase, done, total, unit } = progress;
  const why = isScheduled ? 'scheduled check' : 'check';
  const how = total === 0 ? '' : `, ${done} of ${total} ${unit} done`;
  return `${why} of ${where} runs since ${session.shown(since)}: ${shownName(phase)}${how}\n`;
}
