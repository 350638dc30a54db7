import type { IndexTables } from '../index-tables/index-tables.ts';
import { pointsTouchedBy } from '../index-tables/touched-points.ts';
import type { Damage } from '../repository.ts';

type Touched = Damage['touched'][number];

/** Disks told of one damage; regions beyond this many are counted no further. */
const disksMax = 100;
const spansMax = 100_000;

/**
 * Finds the points that cannot be read whole without some chunks.
 * @param tables - the indexes
 * @param chunkNumbers - chunks that are damaged
 * @returns one row a disk, with the whole span of time and the number of regions
 */
export async function touchedBy(
  tables: IndexTables,
  chunkNumbers: ReadonlySet<number>,
): Promise<{ touched: Touched[]; isMore: boolean }> {
  if (chunkNumbers.size === 0) return { touched: [], isMore: false };
  const byDisk = new Map<number, { fromMicros: number; toMicros: number; regions: Set<number> }>();
  let spanCount = 0;
  for await (const span of pointsTouchedBy(tables.timeline, chunkNumbers)) {
    const until = span.untilMicros ?? Infinity;
    const known = byDisk.get(span.disk);
    if (known === undefined) {
      if (byDisk.size >= disksMax) continue;
      byDisk.set(span.disk, {
        fromMicros: span.fromMicros,
        toMicros: until,
        regions: new Set([span.region]),
      });
    } else {
      known.fromMicros = Math.min(known.fromMicros, span.fromMicros);
      known.toMicros = Math.max(known.toMicros, until);
      known.regions.add(span.region);
    }
    if (++spanCount >= spansMax) break;
  }
  const touched = [...byDisk].flatMap(([disk, { fromMicros, toMicros, regions }]): Touched[] => {
    const name = tables.names.disk(disk);
    if (name === undefined) return [];
    return [
      {
        name: { machine: name.machine, disk: name.disk },
        fromMicros,
        toMicros: toMicros === Infinity ? undefined : toMicros,
        regionCount: regions.size,
      },
    ];
  });
  return { touched, isMore: spanCount >= spansMax || byDisk.size >= disksMax };
}
