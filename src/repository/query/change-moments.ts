import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Micros } from '../../base/clock.ts';
import { blockBytes, regionBlocks, regionBytes } from '../../base/limits.ts';
import { walkRowsPerTurn } from '../index-tables/index-limits.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { RegionExtents } from '../index-tables/region-extents.ts';
import { keyBeforeRegion, keyOfRegion } from '../index-tables/row-keys.ts';
import type { TimelineRow } from '../index-tables/timeline-table.ts';
import type { ByteRange } from '../repository.ts';
import { blockSources } from './block-sources.ts';

/** What to look for. */
export interface ChangeMomentsQuery {
  /** Number of the disk. */
  readonly disk: number;
  /** Where: a change of any block that they touch counts. */
  readonly ranges: readonly ByteRange[];
  /** Changes after this moment … */
  readonly fromMicros: Micros;
  /** … up to and including this one. */
  readonly toMicros: Micros;
}

/** Rows read at once from one region. */
const rowsPerPage = 64;

/**
 * Finds the moments at which any of some ranges changed, newest first. It costs what happened in the regions that they lie in, as far as
 * the answer is taken.
 * @param tables - the indexes
 * @param query - see ChangeMomentsQuery
 * @throws DAMAGED
 */
export async function* changeMoments(
  tables: IndexTables,
  query: ChangeMomentsQuery,
): AsyncGenerator<Micros> {
  const regions = [...wantedBlocks(query.ranges)].map(
    ([region, wanted]) => new RegionChanges(tables, query, { region, wanted }),
  );
  for (let last = Infinity; ; ) {
    let newest: RegionChanges | undefined;
    for (const region of regions) {
      await region.settle();
      const moment = region.moment ?? -1;
      if (moment >= 0 && moment > (newest?.moment ?? -1)) newest = region;
    }
    if (newest?.moment === undefined) return;
    if (newest.moment < last) yield newest.moment;
    last = newest.moment;
    newest.pass();
  }
}

/** For each region one byte per block, 1 where it is wanted. */
function wantedBlocks(ranges: readonly ByteRange[]): ReadonlyMap<number, Uint8Array> {
  const regions = new Map<number, Uint8Array>();
  for (const { offsetBytes, lengthBytes } of ranges) {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end; ) {
      const region = Math.floor(at / regionBytes);
      const start = region * regionBytes;
      const until = Math.min(end, start + regionBytes);
      const wanted = regions.get(region) ?? new Uint8Array(regionBlocks);
      wanted.fill(
        1,
        Math.floor((at - start) / blockBytes),
        Math.ceil((until - start) / blockBytes),
      );
      regions.set(region, wanted);
      at = until;
    }
  }
  return regions;
}

/** The changes of one region, newest first. */
class RegionChanges {
  /** The newest moment that was not passed yet; only after `settle`. */
  moment: Micros | undefined;
  readonly #tables: IndexTables;
  readonly #query: ChangeMomentsQuery;
  readonly #region: number;
  readonly #wanted: Uint8Array;
  #rows: TimelineRow[] = [];
  #isSettled = false;
  #isRead = false;
  #nextMicros: Micros;

  constructor(
    tables: IndexTables,
    query: ChangeMomentsQuery,
    { region, wanted }: { readonly region: number; readonly wanted: Uint8Array },
  ) {
    this.#tables = tables;
    this.#query = query;
    this.#region = region;
    this.#wanted = wanted;
    this.#nextMicros = query.toMicros;
  }

  /** Finds the next moment, if it is not known. */
  async settle(): Promise<void> {
    for (let seen = 0; !this.#isSettled; seen += 1) {
      if (seen % walkRowsPerTurn === walkRowsPerTurn - 1) await nextTurn();
      const row = this.#rows.pop();
      if (row === undefined) {
        if (this.#isRead) {
          this.moment = undefined;
          this.#isSettled = true;
        } else {
          this.#readPage();
        }
      } else if (row.timeMicros <= this.#query.fromMicros) {
        this.#isRead = true;
        this.#rows = [];
      } else if (this.#isChange(row)) {
        this.moment = row.timeMicros;
        this.#isSettled = true;
      }
    }
  }

  /** Goes on to what is older. */
  pass(): void {
    this.#isSettled = false;
  }

  #readPage(): void {
    const { disk } = this.#query;
    const from = keyOfRegion(disk, this.#region, this.#nextMicros);
    const before = keyBeforeRegion(disk, this.#region + 1);
    const { timeline } = this.#tables;
    const rows = [...timeline.rows(from, before, rowsPerPage)];
    this.#rows = rows.map(({ key, value }) => timeline.decode(key, value)).reverse();
    this.#isRead = rows.length < rowsPerPage;
    this.#nextMicros = (this.#rows[0]?.timeMicros ?? 1) - 1;
  }

  /** A row above another tells only what changed; one that stands alone is compared with what was before. */
  #isChange(row: TimelineRow): boolean {
    if (row.depth > 0) return this.#touches(row.extents);
    const { disk } = this.#query;
    const before = this.#tables.timeline.regionAt(disk, this.#region, row.timeMicros - 1);
    const [left, right] = [blockSources(before), blockSources(row.extents)];
    return this.#wanted.some((isWanted, block) => isWanted === 1 && left[block] !== right[block]);
  }

  #touches(extents: RegionExtents): boolean {
    for (let index = 0; index < extents.count; index += 1) {
      const first = extents.startBlock(index);
      if (this.#wanted.subarray(first, first + extents.blockCount(index)).includes(1)) return true;
    }
    return false;
  }
}
