import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Micros } from '../../base/clock.ts';
import type { StoreEntry } from '../../keyvalue/ordered-store.ts';
import { walkRowsPerTurn } from './index-limits.ts';
import type { RegionExtents } from './region-extents.ts';
import { keyBeforeRegion, keyOfRegion, partsOfRegionKey } from './row-keys.ts';
import type { TimelineRow, TimelineTable } from './timeline-table.ts';

/** A time during which a region cannot be read whole, because it shows one of the chunks asked for. */
export interface TouchedSpan {
  /** Number of the disk. */
  readonly disk: number;
  /** Number of the region. */
  readonly region: number;
  /** The entry at which the chunk appears. */
  readonly fromMicros: Micros;
  /** The entry at which it is gone again; left out: it is there to this day. */
  readonly untilMicros?: Micros;
}

/**
 * Finds every point that shows one of these chunks, by walking the whole timeline: for damage reports, not for every day.
 * Memory does not depend on the timeline; the event loop gets its turn every walkRowsPerTurn rows.
 * @param timeline - to walk
 * @param chunkNumbers - borrowed until the walk ends
 * @throws DAMAGED while walking
 */
export async function* pointsTouchedBy(
  timeline: TimelineTable,
  chunkNumbers: ReadonlySet<number>,
): AsyncGenerator<TouchedSpan, void, void> {
  let from: Uint8Array = keyBeforeRegion(0, 0);
  for (;;) {
    const found = findRegion(timeline, from, chunkNumbers);
    if (found.region !== undefined) yield* spansOf(timeline, found.region, chunkNumbers);
    if (found.next === undefined) return;
    from = found.next;
    await nextTurn();
  }
}

interface Found {
  /** A row that names one of the chunks itself. */
  readonly region?: TimelineRow;
  /** Where to go on; left out: the timeline ends. */
  readonly next?: Uint8Array;
}

/** Looks through one turn's rows for the first that names one of the chunks. */
function findRegion(
  timeline: TimelineTable,
  from: Uint8Array,
  chunkNumbers: ReadonlySet<number>,
): Found {
  let last: StoreEntry | undefined;
  let count = 0;
  for (const entry of timeline.rows(from, lastKey, walkRowsPerTurn)) {
    const row = timeline.decode(entry.key, entry.value);
    if (shows(row.extents, chunkNumbers)) {
      return { region: row, next: keyBeforeRegion(row.disk, row.region + 1) };
    }
    last = entry;
    count++;
  }
  if (last === undefined || count < walkRowsPerTurn) return {};
  return { next: behind(last.key) };
}

/** Composes every version of a region, from new to old, and joins neighbouring ones that show a chunk. */
async function* spansOf(
  timeline: TimelineTable,
  at: TimelineRow,
  chunkNumbers: ReadonlySet<number>,
): AsyncGenerator<TouchedSpan, void, void> {
  const { disk, region } = at;
  let newer: Micros | undefined;
  let open: { fromMicros: Micros; untilMicros?: Micros } | undefined;
  let from: Uint8Array = keyBeforeRegion(disk, region);
  for (;;) {
    const times = timesOf(timeline, from, keyBeforeRegion(disk, region + 1));
    for (const timeMicros of times) {
      const isShown = shows(timeline.regionAt(disk, region, timeMicros), chunkNumbers);
      if (!isShown && open !== undefined) yield { disk, region, ...open };
      if (!isShown) open = undefined;
      else if (open !== undefined) open.fromMicros = timeMicros;
      else
        open = { fromMicros: timeMicros, ...(newer === undefined ? {} : { untilMicros: newer }) };
      newer = timeMicros;
    }
    if (times.length < walkRowsPerTurn) break;
    from = behind(keyOfRegion(disk, region, times.at(-1)!));
    await nextTurn();
  }
  if (open !== undefined) yield { disk, region, ...open };
}

function timesOf(timeline: TimelineTable, from: Uint8Array, before: Uint8Array): Micros[] {
  const rows = [...timeline.rows(from, before, walkRowsPerTurn)];
  return rows.map(({ key }) => partsOfRegionKey(key).timeMicros);
}

function shows(extents: RegionExtents, chunkNumbers: ReadonlySet<number>): boolean {
  for (let index = 0; index < extents.count; index++) {
    if (chunkNumbers.has(extents.chunkNumber(index))) return true;
  }
  return false;
}

const lastKey = new Uint8Array(17).fill(0xff);

function behind(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.alloc(1)]);
}
