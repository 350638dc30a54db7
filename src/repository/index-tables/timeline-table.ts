import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OrderedStore, StoreEntry, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { applyChange } from './apply-change.ts';
import { CheckedTable } from './checked-table.ts';
import { decodeExtents, encodeExtents, extentBytesMax } from './extent-codec.ts';
import { deltaDepthMax } from './index-limits.ts';
import { RegionExtents } from './region-extents.ts';
import { keyBeforeRegion, keyOfRegion, partsOfRegionKey, type RegionKey } from './row-keys.ts';

/** A region as it became at one moment. */
export interface RegionEntry {
  /** Time of the commit that made it. */
  readonly timeMicros: Micros;
  /** Older entries that must be read to know it: 0, it lists everything itself, to deltaDepthMax. */
  readonly depth: number;
  /** The whole region, composed; no extents of zeroes. */
  readonly extents: RegionExtents;
}

/** A timeline row as it is stored. */
export interface TimelineRow extends RegionKey {
  /** Older rows it stands on. */
  readonly depth: number;
  /** Everything (depth 0), or what changed against the next older row. */
  readonly extents: RegionExtents;
}

/** A whole region list and a change of 256 extents each, and the depth. */
const scratch = Buffer.alloc(1 + 256 * extentBytesMax);

/**
 * (disk, region, time descending) → extents. The value is a byte of depth and the extents: at depth 0 all of them, above
 * only those that changed against the next older row, whose depth is one less.
 */
export class TimelineTable {
  readonly #table: CheckedTable;

  /** @param store - with the table `timeline` */
  constructor(store: OrderedStore) {
    this.#table = new CheckedTable(store, 'timeline');
  }

  /**
   * Reads a region as it stood at a moment: one seek, and at most deltaDepthMax steps.
   * @param disk - number
   * @param region - number
   * @param timeMicros - moment
   * @returns sorted extents without zeroes; none when nothing was written there yet
   * @throws DAMAGED
   */
  regionAt(disk: number, region: number, timeMicros: Micros): RegionExtents {
    return this.entryAt(disk, region, timeMicros)?.extents ?? RegionExtents.empty;
  }

  /**
   * Like regionAt, and tells which entry it is: until the region's next entry the answer stays the same.
   * @param disk - number
   * @param region - number
   * @param timeMicros - moment
   * @throws DAMAGED
   */
  entryAt(disk: number, region: number, timeMicros: Micros): RegionEntry | undefined {
    const from = keyOfRegion(disk, region, timeMicros);
    const range = { from, before: keyBeforeRegion(disk, region + 1), limit: deltaDepthMax + 1 };
    return this.compose(this.#table.range(range));
  }

  /**
   * Composes the newest of a region's rows.
   * @param rows - of one region, newest first; as many as its depth needs are taken
   * @returns undefined without rows
   * @throws DAMAGED when the rows below it are missing
   */
  compose(rows: Iterable<StoreEntry>): RegionEntry | undefined {
    let first: TimelineRow | undefined;
    const changes: RegionExtents[] = [];
    for (const { key, value } of rows) {
      const row = this.decode(key, value);
      first ??= row;
      const isSame = row.disk === first.disk && row.region === first.region;
      if (!isSame || row.depth !== first.depth - changes.length) {
        throw this.#table.damage(key, 'a change has lost what it changes');
      }
      if (row.depth === 0) return layered(first, row.extents, changes);
      changes.push(row.extents);
    }
    if (first === undefined) return undefined;
    const key = keyOfRegion(first.disk, first.region, first.timeMicros);
    throw this.#table.damage(key, 'a change has nothing below it');
  }

  /**
   * Walks stored rows in order of disk, region, and time from new to old.
   * @param from - first key
   * @param before - key after the last
   * @param limit - most rows
   * @throws DAMAGED while walking
   */
  rows(from: Uint8Array, before: Uint8Array, limit: number): Iterable<StoreEntry> {
    return this.#table.range({ from, before, limit });
  }

  /**
   * Decodes a row.
   * @param key - 16 bytes
   * @param value - content without checksum
   * @throws DAMAGED
   */
  decode(key: Uint8Array, value: Uint8Array): TimelineRow {
    const depth = value[0] ?? Number.NaN;
    if (!(depth <= deltaDepthMax) || key.length !== 16) {
      throw this.#table.damage(key, 'the depth is out of range');
    }
    try {
      return { ...partsOfRegionKey(key), depth, extents: decodeExtents(value, 1) };
    } catch (error) {
      if (error instanceof FormatFault) throw this.#table.damage(key, error);
      throw error;
    }
  }

  /**
   * Makes the row of a change: everything, or only the change, whichever is smaller.
   * @param at - disk, region and time; later than `previous`
   * @param previous - the region's newest entry
   * @param changes - changed extents, with zeroes
   * @returns the row and the entry it makes; undefined when nothing is different afterwards
   */
  change(
    at: RegionKey,
    previous: RegionEntry | undefined,
    changes: RegionExtents,
  ): { readonly write: StoreWrite; readonly entry: RegionEntry } | undefined {
    assert(previous === undefined || previous.timeMicros < at.timeMicros, 'time runs backward');
    const before = previous?.extents ?? RegionExtents.empty;
    const extents = applyChange(before, changes);
    if (extents.equals(before)) return undefined;
    const key = keyOfRegion(at.disk, at.region, at.timeMicros);
    const content = encodeSmaller(extents, previous, changes);
    const entry = { timeMicros: at.timeMicros, depth: content[0]!, extents };
    return { write: this.#table.row(key, content), entry };
  }
}

function layered(
  newest: TimelineRow,
  whole: RegionExtents,
  changes: readonly RegionExtents[],
): RegionEntry {
  let extents = whole;
  for (let index = changes.length - 1; index >= 0; index--) {
    extents = applyChange(extents, changes[index]!);
  }
  return { timeMicros: newest.timeMicros, depth: newest.depth, extents };
}

/** @returns depth and extents, borrowed from the scratch buffer */
function encodeSmaller(
  extents: RegionExtents,
  previous: RegionEntry | undefined,
  changes: RegionExtents,
): Uint8Array {
  const wholeBytes = encodeExtents(extents, scratch, 1);
  if (previous !== undefined && previous.depth < deltaDepthMax) {
    const changeBytes = encodeExtents(changes, scratch, 1);
    if (changeBytes < wholeBytes) {
      scratch[0] = previous.depth + 1;
      return scratch.subarray(0, changeBytes);
    }
    encodeExtents(extents, scratch, 1);
  }
  scratch[0] = 0;
  return scratch.subarray(0, wholeBytes);
}
