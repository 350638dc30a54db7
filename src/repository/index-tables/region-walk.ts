import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import type { StoreEntry } from '../../keyvalue/ordered-store.ts';
import type { RegionExtents } from './region-extents.ts';
import { keyBeforeRegion, keyOfRegion, partsOfRegionKey } from './row-keys.ts';
import type { TimelineTable } from './timeline-table.ts';

/** A region that holds data at the moment asked for. */
export interface ExistingRegion {
  /** Number of the region. */
  readonly region: number;
  /** What it holds, at least one extent, none of zeroes. */
  readonly extents: RegionExtents;
}

/** Part of an answer, and where the next part begins. */
export interface ExistingRegions {
  /** Ascending. */
  readonly regions: readonly ExistingRegion[];
  /** Ask again from this region; left out: that was all. */
  readonly nextRegion?: number;
}

/** What to walk. */
export interface RegionQuery {
  /** Number of the disk. */
  readonly disk: number;
  /** Moment. */
  readonly timeMicros: Micros;
  /** First region wanted; default 0. */
  readonly fromRegion?: number;
  /** Most regions looked at for one answer, empty ones included. */
  readonly limit: number;
}

/** Rows skipped one by one before a seek takes over; a seek costs about as much as eight rows. */
const skippedRowsMax = 8;

/**
 * Walks the regions of a disk that hold data at a moment, in order. Regions never written cost nothing, which is what a
 * restore of a sparse disk needs; a region with many versions costs one seek.
 * @param timeline - to walk
 * @param query - see RegionQuery
 * @throws DAMAGED
 */
export function regionsOf(timeline: TimelineTable, query: RegionQuery): ExistingRegions {
  assert(query.limit >= 1);
  const regions: ExistingRegion[] = [];
  let looked = 0;
  for (const region of walk(timeline, query)) {
    if (looked++ === query.limit) return { regions, nextRegion: region.region };
    if (region.extents.count > 0) regions.push(region);
  }
  return { regions };
}

function* walk(timeline: TimelineTable, query: RegionQuery): Iterable<ExistingRegion> {
  const { disk } = query;
  let nextRegion = query.fromRegion ?? 0;
  let rows = rowsFrom(timeline, disk, keyBeforeRegion(disk, nextRegion));
  let skipped = 0;
  try {
    for (;;) {
      const step = rows.next();
      if (step.done === true) return;
      const { region, timeMicros } = partsOfRegionKey(step.value.key);
      if (region >= nextRegion && timeMicros <= query.timeMicros) {
        // The rows that composing takes are older ones of the same region, which this walk would skip anyway.
        yield { region, extents: timeline.compose(startingWith(step.value, rows))!.extents };
        nextRegion = region + 1;
        skipped = 0;
      } else if (++skipped > skippedRowsMax) {
        rows.return?.();
        const isDone = region < nextRegion;
        const from = isDone
          ? keyBeforeRegion(disk, nextRegion)
          : keyOfRegion(disk, region, query.timeMicros);
        rows = rowsFrom(timeline, disk, from);
        skipped = 0;
      }
    }
  } finally {
    rows.return?.();
  }
}

function rowsFrom(timeline: TimelineTable, disk: number, from: Uint8Array): Iterator<StoreEntry> {
  const rows = timeline.rows(from, keyBeforeRegion(disk + 1, 0), Number.MAX_SAFE_INTEGER);
  return rows[Symbol.iterator]();
}

function* startingWith(first: StoreEntry, rest: Iterator<StoreEntry>): Iterable<StoreEntry> {
  yield first;
  for (;;) {
    const step = rest.next();
    if (step.done === true) return;
    yield step.value;
  }
}
