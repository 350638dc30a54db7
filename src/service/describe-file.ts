import type { Micros } from '../base/clock.ts';
import type { TreeEntry } from '../content/file-tree.ts';
import type { FileReport } from './file-report.ts';
import { isoMoment } from './moments.ts';

/** Moments that can be written with four digits of a year, microseconds. */
const firstMicros = -62_135_596_800 * 1_000_000;
const lastMicros = 253_402_300_799 * 1_000_000;

/**
 * Describes a file for a listing.
 * @param entry - name and status
 * @param target - of a link: where it points
 */
export function describeFile({ name, status }: TreeEntry, target?: string): FileReport {
  const { kind, sizeBytes, allocatedBytes, linkCount, flags, mode, uid, gid, device } = status;
  return {
    ...{ name, kind, sizeBytes, allocatedBytes, linkCount, flags },
    ...(mode === undefined ? {} : { mode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    modified: fileMoment(status.modifiedMicros),
    ...(status.changedMicros === undefined ? {} : { changed: fileMoment(status.changedMicros) }),
    ...(status.accessedMicros === undefined ? {} : { accessed: fileMoment(status.accessedMicros) }),
    ...(status.createdMicros === undefined ? {} : { created: fileMoment(status.createdMicros) }),
    ...(device === undefined ? {} : { device }),
    ...(target === undefined ? {} : { target }),
  };
}

/**
 * Writes a moment that a file system claims; what no calendar knows becomes the nearest moment that it does.
 * @param micros - any number
 */
export function fileMoment(micros: Micros): string {
  return isoMoment(Math.max(firstMicros, Math.min(lastMicros, Math.trunc(micros))));
}
