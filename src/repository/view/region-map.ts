import type { ChunkPlace } from '../index-tables/place-table.ts';
import type { RegionExtents } from '../index-tables/region-extents.ts';
import type { ExistingRegions } from '../index-tables/region-walk.ts';

/** One region of a view: its extents, and where their chunks lie as far as that was asked. */
export interface MappedRegion {
  readonly extents: RegionExtents;
  readonly places: (ChunkPlace | undefined)[];
}

/** Regions kept: 32 Ki of them describe 32 GiB of disk in some 20 MiB of memory. */
const regionsMax = 32_768;

/** What a view knows of its regions. The view's moment never changes, so nothing here is ever out of date. */
export class RegionMap {
  readonly #look: (region: number) => RegionExtents;
  readonly #find: (chunkNumber: number) => ChunkPlace;
  readonly #walk: (fromRegion: number) => ExistingRegions;
  readonly #regions = new Map<number, MappedRegion>();

  /**
   * @param look - reads a region from the timeline
   * @param find - reads a chunk's place from the index
   * @param walk - lists the regions that hold data, from one on, a page of them
   */
  constructor(
    look: (region: number) => RegionExtents,
    find: (chunkNumber: number) => ChunkPlace,
    walk: (fromRegion: number) => ExistingRegions,
  ) {
    this.#look = look;
    this.#find = find;
    this.#walk = walk;
  }

  /**
   * Looks a region up.
   * @param region - number
   * @throws DAMAGED when the index is
   */
  region(region: number): MappedRegion {
    const known = this.#regions.get(region);
    if (known !== undefined) return known;
    const extents = this.#look(region);
    const mapped = { extents, places: new Array<undefined>(extents.count).fill(undefined) };
    if (this.#regions.size >= regionsMax) this.#forgetOldest();
    this.#regions.set(region, mapped);
    return mapped;
  }

  /**
   * Lists regions that hold data; regions never written cost nothing.
   * @param fromRegion - first one wanted
   * @returns a page of them, and where the next one begins
   * @throws DAMAGED when the index is
   */
  existing(fromRegion: number): ExistingRegions {
    return this.#walk(fromRegion);
  }

  /**
   * Tells where an extent's chunk lies.
   * @param mapped - region
   * @param index - of the extent
   * @throws DAMAGED when the index is
   */
  place(mapped: MappedRegion, index: number): ChunkPlace {
    const known = mapped.places[index];
    if (known !== undefined) return known;
    const place = this.#find(mapped.extents.chunkNumber(index));
    mapped.places[index] = place;
    return place;
  }

  /** Forgets everything: after the index was built anew, its numbers are others. */
  clear(): void {
    this.#regions.clear();
  }

  #forgetOldest(): void {
    const oldest = this.#regions.keys().next().value;
    if (oldest !== undefined) this.#regions.delete(oldest);
  }
}
