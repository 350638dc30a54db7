import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { CommitNote } from '../contract.ts';
import type { CommitRow } from '../index-tables/commit-table.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { NumberedDisk } from '../index-tables/name-table.ts';
import type { Timeline, TimelineGap, TimelinePoint, TimelineQuery } from '../repository.ts';
import { findDisk } from './moments.ts';

/** Spans of one disk looked through for gaps. */
const spansMax = 10_000;

/**
 * Answers a timeline query.
 * @param tables - the indexes
 * @param query - which part
 * @throws UNKNOWN_MACHINE, UNKNOWN_DISK
 */
export function timelineOf(tables: IndexTables, query: TimelineQuery): Timeline {
  const machine = tables.names.machineNumber(query.machine);
  if (machine === undefined)
    throw new SecondwindError('UNKNOWN_MACHINE', { machine: query.machine });
  const wanted = disksOf(tables, query);
  const span = {
    fromMicros: query.fromMicros ?? 0,
    toMicros: query.toMicros ?? Number.MAX_SAFE_INTEGER - 1,
  };
  const commits = tables.commits.list({
    machine,
    ...span,
    order: 'newest-first',
    limit: query.limit + 1,
  });
  const kept = commits.slice(0, query.limit).reverse();
  return {
    points: kept.map((row) => pointOf(tables, row)).filter((point) => concerns(point, query.disk)),
    gaps: wanted.flatMap((disk) => gapsOf(tables, disk, span)),
    isCut: commits.length > query.limit,
  };
}

function disksOf(tables: IndexTables, query: TimelineQuery): NumberedDisk[] {
  const { machine, disk } = query;
  if (disk !== undefined) return [findDisk(tables, { machine, disk })];
  return tables.names.disks.filter((candidate) => candidate.machine === machine);
}

function concerns(point: TimelinePoint, disk: string | undefined): boolean {
  if (disk === undefined || point.notes.length > 0) return true;
  return point.disks.some((part) => part.disk === disk);
}

function pointOf(tables: IndexTables, row: CommitRow): TimelinePoint {
  const { timeMicros, sequence, consistency, changedBytes, newBytes, storedBytes } = row;
  const disks = row.disks.map(({ disk, state }) => ({
    disk: tables.names.disk(disk)?.disk ?? '',
    state,
  }));
  const notes: readonly CommitNote[] = row.notes;
  return { timeMicros, sequence, consistency, changedBytes, newBytes, storedBytes, disks, notes };
}

function gapsOf(
  tables: IndexTables,
  disk: NumberedDisk,
  span: { fromMicros: Micros; toMicros: Micros },
): TimelineGap[] {
  const before = tables.diskHistory.spanAt(disk.diskNumber, span.fromMicros);
  const start = before?.fromMicros ?? span.fromMicros;
  return tables.diskHistory
    .spans(disk.diskNumber, start, spansMax)
    .filter(({ state, fromMicros }) => state === 'filling' && fromMicros <= span.toMicros)
    .map(({ fromMicros, untilMicros }) => ({
      disk: disk.disk,
      fromMicros,
      toMicros: untilMicros,
    }));
}
