import { strict as assert } from 'node:assert';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Micros } from '../../base/clock.ts';
import type { OrderedStore, StoreEntry, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { CheckedTable } from './checked-table.ts';
import { regionCountMax, walkRowsPerTurn } from './index-limits.ts';
import { keyOfMoment } from './row-keys.ts';

/** Regions listed in one row at most, so that a value stays within a few pages. */
const regionsPerRow = 512;

/** Span of regions that one pass over the rows collects: bounds memory to 2 MiB of bits, 16 TiB of disk. */
const windowRegions = 2 ** 24;

/** Part of an answer, and where the next part begins. */
export interface ChangedRegions {
  /** Region numbers, ascending. */
  readonly regions: readonly number[];
  /** Ask again from this region; left out: that was all. */
  readonly nextRegion?: number;
}

/** What to look for. */
export interface ChangedRegionsQuery {
  /** Number of the disk. */
  readonly disk: number;
  /** Changes after this moment … */
  readonly fromMicros: Micros;
  /** … up to and including this one. */
  readonly toMicros: Micros;
  /** First region wanted; default 0. */
  readonly fromRegion?: number;
  /** Most regions in one answer. */
  readonly limit: number;
}

/**
 * (disk, time, part) → which regions changed. It makes "what changed between two moments" cost what changed, not what the
 * disk holds. The value lists ascending region numbers as differences, 7 bits to a byte, low bits first.
 */
export class ChangeTable {
  readonly #table: CheckedTable;

  /** @param store - with the table `changes` */
  constructor(store: OrderedStore) {
    this.#table = new CheckedTable(store, 'changes');
  }

  /**
   * Makes the rows of one disk's part of a commit.
   * @param disk - number
   * @param timeMicros - of the commit
   * @param regions - that got a timeline entry, ascending
   */
  rows(disk: number, timeMicros: Micros, regions: readonly number[]): StoreWrite[] {
    const writes: StoreWrite[] = [];
    for (let at = 0; at < regions.length; at += regionsPerRow) {
      const key = Buffer.concat([keyOfMoment(disk, timeMicros), Buffer.alloc(4)]);
      key.writeUInt32BE(at / regionsPerRow, 12);
      writes.push(this.#table.row(key, encodeRegions(regions.slice(at, at + regionsPerRow))));
    }
    return writes;
  }

  /**
   * Finds the regions with an entry in (from, to]. Every answer walks the rows of that time once, in slices.
   * @param query - see ChangedRegionsQuery
   * @throws DAMAGED
   */
  async changedRegions(query: ChangedRegionsQuery): Promise<ChangedRegions> {
    assert(query.limit >= 1);
    let fromRegion = query.fromRegion ?? 0;
    for (;;) {
      const window = await this.#collect(query, fromRegion);
      const regions = window.take(query.limit + 1);
      if (regions.length > query.limit) {
        return { regions: regions.slice(0, query.limit), nextRegion: regions[query.limit]! };
      }
      if (window.next === undefined) return { regions };
      if (regions.length > 0) return { regions, nextRegion: window.next };
      fromRegion = window.next;
    }
  }

  async #collect(query: ChangedRegionsQuery, fromRegion: number): Promise<RegionWindow> {
    const window = new RegionWindow(fromRegion);
    const before = keyOfMoment(query.disk, query.toMicros + 1);
    let from: Uint8Array = keyOfMoment(query.disk, query.fromMicros + 1);
    for (;;) {
      let last: Uint8Array | undefined;
      let count = 0;
      for (const row of this.#table.range({ from, before, limit: walkRowsPerTurn })) {
        this.#addRow(row, window);
        last = row.key;
        count++;
      }
      if (last === undefined || count < walkRowsPerTurn) return window;
      from = Buffer.concat([last, Buffer.alloc(1)]);
      await nextTurn();
    }
  }

  #addRow(row: StoreEntry, window: RegionWindow): void {
    const { key, value } = row;
    let region = -1;
    let position = 0;
    while (position < value.length) {
      let step = 0;
      let unit = 1;
      for (;;) {
        const byte = value[position++];
        if (byte === undefined || unit > 2 ** 35) throw this.#table.damage(key, 'a number is cut');
        step += (byte & 0x7f) * unit;
        if (byte < 0x80) break;
        unit *= 128;
      }
      region += step + 1;
      if (region >= regionCountMax) throw this.#table.damage(key, 'a region is out of range');
      window.add(region);
    }
  }
}

function encodeRegions(regions: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let last = -1;
  for (const region of regions) {
    assert(region > last && region < regionCountMax, 'regions must ascend');
    let step = region - last - 1;
    while (step >= 128) {
      bytes.push((step & 0x7f) | 0x80);
      step = Math.floor(step / 128);
    }
    bytes.push(step);
    last = region;
  }
  return Uint8Array.from(bytes);
}

/** A set of region numbers from one region on, and the first number behind it. */
class RegionWindow {
  /** Smallest region seen behind the window. */
  next: number | undefined;
  readonly #first: number;
  readonly #words = new Map<number, number>();

  constructor(first: number) {
    this.#first = first;
  }

  add(region: number): void {
    const at = region - this.#first;
    if (at < 0) return;
    if (at >= windowRegions) {
      this.next = Math.min(this.next ?? region, region);
      return;
    }
    this.#words.set(at >>> 5, (this.#words.get(at >>> 5) ?? 0) | (1 << (at & 31)));
  }

  take(limit: number): number[] {
    const regions: number[] = [];
    for (const index of [...this.#words.keys()].sort((left, right) => left - right)) {
      const word = this.#words.get(index)!;
      for (let bit = 0; bit < 32; bit++) {
        if (regions.length === limit) return regions;
        if ((word & (1 << bit)) !== 0) regions.push(this.#first + index * 32 + bit);
      }
    }
    return regions;
  }
}
