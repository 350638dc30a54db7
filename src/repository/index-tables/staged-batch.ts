import type { StoreWrite } from '../../keyvalue/ordered-store.ts';
import { regionCountMax } from './index-limits.ts';
import { regionId } from './recent-regions.ts';
import type { RegionEntry } from './timeline-table.ts';

/** Rows on their way into the store, without those of the chunks, and what look-ups must find in them meanwhile. */
export class StagedBatch {
  /** Rows in the order they were staged. */
  readonly writes: StoreWrite[] = [];
  /** Region (see regionId) → its newest entry. */
  readonly regions: Map<number, RegionEntry> = new Map();

  /**
   * Lists the regions of a disk that have a row here.
   * @param disk - number
   * @param fromRegion - first region wanted
   */
  regionsOf(disk: number, fromRegion: number): number[] {
    const first = regionId(disk, 0);
    const numbers = [...this.regions.keys()].map((id) => id - first);
    return numbers.filter((region) => region >= fromRegion && region < regionCountMax);
  }

  /**
   * Puts a later batch behind this one, after a failed commit.
   * @param later - spent afterwards
   */
  append(later: StagedBatch): void {
    for (const write of later.writes) this.writes.push(write);
    for (const [region, entry] of later.regions) this.regions.set(region, entry);
  }
}
