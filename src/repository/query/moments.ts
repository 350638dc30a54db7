import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { DiskName } from '../contract.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { NumberedDisk } from '../index-tables/name-table.ts';

/** A moment of a disk that can be opened. */
export interface FoundMoment {
  readonly disk: NumberedDisk;
  /** Newest commit of the machine at or before the moment asked for. */
  readonly timeMicros: Micros;
  readonly sizeBytes: number;
}

/**
 * Finds a disk by name.
 * @param tables - the indexes
 * @param name - machine and disk
 * @throws UNKNOWN_MACHINE, UNKNOWN_DISK
 */
export function findDisk(tables: IndexTables, name: DiskName): NumberedDisk {
  const { machine, disk } = name;
  if (tables.names.machineNumber(machine) === undefined) {
    throw new SecondwindError('UNKNOWN_MACHINE', { machine });
  }
  const number = tables.names.diskNumber(name);
  const found = number === undefined ? undefined : tables.names.disk(number);
  if (found === undefined) throw new SecondwindError('UNKNOWN_DISK', { machine, disk });
  return found;
}

/**
 * Finds what a disk was at a moment.
 * @param tables - the indexes
 * @param name - machine and disk
 * @param atMicros - moment asked for
 * @param isFillingAllowed - whether a moment counts that is not whole
 * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP
 */
export function findMoment(
  tables: IndexTables,
  name: DiskName,
  atMicros: Micros,
  isFillingAllowed: boolean,
): FoundMoment {
  const disk = findDisk(tables, name);
  const span = tables.diskHistory.spanAt(disk.diskNumber, atMicros);
  const commit = tables.commits.newestAtOrBefore(disk.machineNumber, atMicros);
  const sizeBytes = tables.diskHistory.sizeAt(disk.diskNumber, atMicros);
  if (span === undefined || commit === undefined || sizeBytes === undefined) {
    throw noPointYet(tables, disk, atMicros);
  }
  if (!isFillingAllowed && span.state !== 'whole') throw inGap(tables, disk, atMicros);
  return { disk, timeMicros: commit.timeMicros, sizeBytes };
}

/**
 * First and last moments of a disk that can be restored.
 * @param tables - the indexes
 * @param disk - from findDisk
 */
export function restorableSpan(
  tables: IndexTables,
  disk: NumberedDisk,
): { first: Micros | undefined; last: Micros | undefined } {
  const first = firstWhole(tables, disk);
  const newest = tables.diskHistory.spanAt(disk.diskNumber, Number.MAX_SAFE_INTEGER - 1);
  if (first === undefined || newest === undefined) return { first, last: undefined };
  const until = newest.state === 'whole' ? Number.MAX_SAFE_INTEGER - 1 : newest.fromMicros - 1;
  const last = tables.commits.newestAtOrBefore(disk.machineNumber, until);
  return { first, last: last?.timeMicros };
}

function firstWhole(tables: IndexTables, disk: NumberedDisk): Micros | undefined {
  const spans = tables.diskHistory.spans(disk.diskNumber, 0, 2);
  return spans.find(({ state }) => state === 'whole')?.fromMicros;
}

function noPointYet(tables: IndexTables, disk: NumberedDisk, atMicros: Micros): SecondwindError {
  const first = firstWhole(tables, disk);
  return new SecondwindError('NO_POINT_YET', {
    disk: `${disk.machine}/${disk.disk}`,
    asked: isoOf(atMicros),
    askedMicros: atMicros,
    first: first === undefined ? 'not there yet' : isoOf(first),
    ...(first === undefined ? {} : { firstMicros: first }),
  });
}

function inGap(tables: IndexTables, disk: NumberedDisk, atMicros: Micros): SecondwindError {
  const gap = tables.gapAt(disk.diskNumber, atMicros);
  if (gap?.wholeBeforeMicros === undefined && firstWhole(tables, disk) === gap?.gapEndMicros) {
    return noPointYet(tables, disk, atMicros);
  }
  const before = gap?.wholeBeforeMicros;
  const after = gap?.wholeAfterMicros;
  return new SecondwindError('POINT_IN_GAP', {
    disk: `${disk.machine}/${disk.disk}`,
    asked: isoOf(atMicros),
    askedMicros: atMicros,
    gapStart: isoOf(gap?.gapStartMicros ?? atMicros),
    gapEnd: gap?.gapEndMicros === undefined ? 'now' : isoOf(gap.gapEndMicros),
    before: before === undefined ? 'none before it' : isoOf(before),
    after: after === undefined ? 'none after it yet' : isoOf(after),
    ...(before === undefined ? {} : { beforeMicros: before }),
    ...(after === undefined ? {} : { afterMicros: after }),
  });
}

/** Microseconds are kept, since a point may be asked for exactly as it is shown. */
function isoOf(timeMicros: Micros): string {
  const milliseconds = Math.floor(timeMicros / 1000);
  const rest = String(timeMicros % 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}
