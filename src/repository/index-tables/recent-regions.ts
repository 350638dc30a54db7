import { recentRegionsMax, regionCountMax } from './index-limits.ts';
import type { RegionEntry } from './timeline-table.ts';

/**
 * One number for a disk's region.
 * @param disk - 1 to diskNumberMax
 * @param region - below regionCountMax
 */
export function regionId(disk: number, region: number): number {
  return disk * regionCountMax + region;
}

/** The newest entries of the regions written last, so that a busy region is not read back for every commit. */
export class RecentRegions {
  readonly #entries = new Map<number, RegionEntry>();

  /**
   * @param id - see regionId
   * @returns its newest entry, if it is remembered
   */
  get(id: number): RegionEntry | undefined {
    return this.#entries.get(id);
  }

  /**
   * @param id - see regionId
   * @param entry - its newest entry; the one written longest ago is forgotten
   */
  set(id: number, entry: RegionEntry): void {
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    if (this.#entries.size <= recentRegionsMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
