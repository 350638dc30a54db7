import type { Micros } from '../../base/clock.ts';
import type { DiskSummary } from '../../repository/index.ts';

/**
 * Which point of some disks a health check looks at: the newest one at which all of them can be read, or, while one stays behind in a
 * gap, the newest of the others.
 * @param disks - of one machine
 * @param checkedMicros - the point that was checked last
 * @returns undefined when nothing is newer than that
 */
export function pointToCheck(
  disks: readonly DiskSummary[],
  checkedMicros: Micros,
): Micros | undefined {
  const readable = disks.flatMap(({ firstPointMicros: first, lastPointMicros: last }) =>
    first === undefined || last === undefined ? [] : [{ first, last }],
  );
  if (readable.length === 0) return undefined;
  const common = Math.min(...readable.map(({ last }) => last));
  const isWhole = readable.every(({ first }) => first <= common);
  const newest = Math.max(...readable.map(({ last }) => last));
  return [isWhole ? common : 0, newest].find((point) => point > checkedMicros);
}
