/** Numbers that look random and are the same in every run (mulberry32). */
export class SeededRandom {
  #state: number;

  /** @param seed - any whole number */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /**
   * The next number.
   * @param limit - 1 or more
   * @returns a whole number of 0 or more, below the limit
   */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /**
   * Orders things anew, in place.
   * @param items - to be shuffled
   */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    return items;
  }

  /**
   * Fills memory with bytes that no compressor can shorten.
   * @param target - a multiple of 4 bytes
   */
  fill(target: Buffer): void {
    for (let at = 0; at < target.length; at += 4) target.writeUInt32LE(this.below(2 ** 32), at);
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
