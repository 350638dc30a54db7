import { formatBytes, formatDuration } from '../../base/units.ts';
import type { DiskReport } from '../../service/disk-report.ts';
import type { ViewReport } from '../../service/view-report.ts';
import type { CommandSession } from '../command-session.ts';
import { damageLine, healthCell } from './health-lines.ts';
import { table } from './table.ts';

/**
 * Writes disks as a table.
 * @param session - knows the zone
 * @param disks - from a report
 */
export function diskTable(session: CommandSession, disks: readonly DiskReport[]): string {
  if (disks.length === 0) {
    return 'No disk is protected yet. Begin with: secondwind disk add MACHINE/DISK --help\n';
  }
  const columns = [
    { title: 'DISK' },
    { title: 'STATE' },
    { title: 'SIZE', isRight: true },
    { title: 'LAST POINT' },
    { title: 'LAG', isRight: true },
    { title: 'WAITING', isRight: true },
    { title: 'CLIENTS', isRight: true },
    { title: 'VERIFIED' },
    { title: 'SOURCE' },
  ];
  const rows = disks.map((disk) => [
    `${disk.machine}/${disk.disk}`,
    stateWords(disk),
    disk.sizeBytes === undefined ? '' : formatBytes(disk.sizeBytes),
    session.cell(disk.lastPoint),
    disk.lagMs === undefined ? '' : formatDuration(disk.lagMs),
    waiting(disk),
    disk.clientCount === undefined ? '' : String(disk.clientCount),
    healthCell(session, disk.health),
    sourceWords(disk),
  ]);
  return table(columns, rows) + remarks(session, disks);
}

/**
 * Writes open views as a table.
 * @param session - knows the zone
 * @param views - from a report
 */
export function viewTable(session: CommandSession, views: readonly ViewReport[]): string {
  const columns = [
    { title: 'VIEW' },
    { title: 'DISK' },
    { title: 'AS IT STOOD AT' },
    { title: 'MODE' },
    { title: 'CLIENTS', isRight: true },
    { title: 'ADDRESS' },
  ];
  const rows = views.map((view) => [
    view.id,
    `${view.machine}/${view.disk}`,
    session.cell(view.asked),
    view.isWritable ? `writable, ${formatBytes(view.writtenBytes ?? 0)}` : 'read-only',
    String(view.clientCount),
    view.reason === undefined ? view.uri : `not served: ${view.reason}`,
  ]);
  return table(columns, rows);
}

function stateWords(disk: DiskReport): string {
  const { progress } = disk;
  if (progress === undefined || progress.total <= 0) return disk.state;
  return `${disk.state} ${Math.floor((progress.done / progress.total) * 100)} %`;
}

function waiting(disk: DiskReport): string {
  if (disk.queue === undefined) return '';
  const { memoryBytes, spoolBytes, dirtyBytes } = disk.queue;
  return formatBytes(memoryBytes + spoolBytes + dirtyBytes);
}

function sourceWords(disk: DiskReport): string {
  if (disk.source === undefined) return 'not protected; its points remain';
  if (disk.source === 'agent') return 'sent by its agent';
  if (disk.source === 'mirror') return `mirror of ${disk.path ?? 'a guest not seen yet'}`;
  if (disk.source === 'tap') return `tap ${disk.path} at ${disk.listen}`;
  return `${disk.source} ${disk.path}`;
}

/** What a table has no room for. */
function remarks(session: CommandSession, disks: readonly DiskReport[]): string {
  return disks
    .flatMap((disk) => {
      const name = `${disk.machine}/${disk.disk}`;
      const reason = disk.reason === undefined ? [] : [`${name}: ${disk.reason}\n`];
      const gap =
        disk.gapSince === undefined
          ? []
          : [`${name}: cannot be restored since ${session.shown(disk.gapSince)}\n`];
      const excluded =
        disk.excludedBytes === undefined
          ? []
          : [
              `${name}: ${formatBytes(disk.excludedBytes)} excluded; see "secondwind disk exclude ${name}"\n`,
            ];
      return [...reason, ...gap, damageLine(session, name, disk.health), ...excluded];
    })
    .join('');
}
