import type { IndexTables } from '../index-tables/index-tables.ts';
import type { NumberedDisk } from '../index-tables/name-table.ts';
import type { DiskSummary } from '../repository.ts';
import { restorableSpan } from './moments.ts';

/**
 * Sums a disk up.
 * @param tables - the indexes
 * @param disk - from findDisk
 */
export function summarize(tables: IndexTables, disk: NumberedDisk): DiskSummary {
  const always = Number.MAX_SAFE_INTEGER - 1;
  const { first, last } = restorableSpan(tables, disk);
  return {
    name: { machine: disk.machine, disk: disk.disk },
    sizeBytes: tables.diskHistory.sizeAt(disk.diskNumber, always) ?? 0,
    state: tables.diskHistory.spanAt(disk.diskNumber, always)?.state ?? 'filling',
    firstPointMicros: first,
    lastPointMicros: last,
  };
}

/**
 * Sums all disks up.
 * @param tables - the indexes
 * @returns in order of machine and disk
 */
export function summarizeAll(tables: IndexTables): DiskSummary[] {
  const disks = [...tables.names.disks].sort(
    (left, right) =>
      left.machine.localeCompare(right.machine) || left.disk.localeCompare(right.disk),
  );
  return disks.map((disk) => summarize(tables, disk));
}
