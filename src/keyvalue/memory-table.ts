import type { KeyRange, StoreEntry } from './ordered-store.ts';

/** One table in memory: rows in an array sorted by key. Made for tests and simulations, not for millions of rows. */
export class MemoryTable {
  readonly #rows: StoreEntry[] = [];

  /**
   * @param key - borrowed
   * @returns the row of exactly this key
   */
  find(key: Uint8Array): StoreEntry | undefined {
    const row = this.#rows[this.#lowerBound(key)];
    return row !== undefined && Buffer.compare(row.key, key) === 0 ? row : undefined;
  }

  /**
   * @param key - borrowed
   * @returns the first row of this key or a larger one
   */
  atOrAfter(key: Uint8Array): StoreEntry | undefined {
    return this.#rows[this.#lowerBound(key)];
  }

  /**
   * @param range - which rows
   * @returns copies in the order asked for
   */
  slice(range: KeyRange): StoreEntry[] {
    const first = range.from === undefined ? 0 : this.#lowerBound(range.from);
    const end = range.before === undefined ? this.#rows.length : this.#lowerBound(range.before);
    if (range.isDescending !== true) {
      return this.#rows.slice(first, Math.max(first, Math.min(end, first + range.limit)));
    }
    const start = Math.max(first, end - range.limit);
    return this.#rows.slice(start, Math.max(start, end)).reverse();
  }

  /**
   * Puts or deletes one row.
   * @param key - copied
   * @param value - copied; undefined deletes
   */
  set(key: Uint8Array, value: Uint8Array | undefined): void {
    const at = this.#lowerBound(key);
    const found = this.find(key) === undefined ? 0 : 1;
    if (value === undefined) this.#rows.splice(at, found);
    else this.#rows.splice(at, found, { key: Uint8Array.from(key), value: Uint8Array.from(value) });
  }

  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare(this.#rows[middle]!.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
