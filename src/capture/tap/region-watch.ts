import { regionBlocks } from '../../base/limits.ts';

/**
 * Regions that are being read for comparison while the guest goes on writing. A block that a write was begun on since the
 * watch began must not be taken from what was read: the write itself brings it.
 */
export class RegionWatch {
  readonly #touched = new Map<number, Uint8Array>();

  /** Regions being watched. */
  get count(): number {
    return this.#touched.size;
  }

  /**
   * Begins to watch a region; no write to it is under way.
   * @param region - its number
   * @returns one byte per block of the region, not 0 once a write to it was begun; alive until `end`
   */
  begin(region: number): Uint8Array {
    const touched = new Uint8Array(regionBlocks);
    this.#touched.set(region, touched);
    return touched;
  }

  /** Ends watching. @param region - its number */
  end(region: number): void {
    this.#touched.delete(region);
  }

  /**
   * Whether any region of a range is being watched.
   * @param from - first region
   * @param end - end, exclusive
   */
  hasAny(from: number, end: number): boolean {
    for (const region of this.#touched.keys()) {
      if (region >= from && region < end) return true;
    }
    return false;
  }

  /**
   * Notes that a write begins.
   * @param firstBlock - first block it touches
   * @param endBlock - end, exclusive
   */
  touch(firstBlock: number, endBlock: number): void {
    for (const [region, touched] of this.#touched) {
      const start = region * regionBlocks;
      touched.fill(1, Math.max(firstBlock - start, 0), Math.max(endBlock - start, 0));
    }
  }
}
