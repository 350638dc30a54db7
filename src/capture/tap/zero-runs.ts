import type { ZeroRun } from '../cut.ts';

/** Set of blocks as sorted runs that neither touch nor overlap: a whole disk that was discarded is one run. */
export class ZeroRuns {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #blockCount = 0;

  /** Runs in the set. */
  get runCount(): number {
    return this.#starts.length;
  }

  /** Blocks in the set. */
  get blockCount(): number {
    return this.#blockCount;
  }

  /**
   * Adds a range.
   * @param firstBlock - its start
   * @param endBlock - its end, exclusive
   */
  add(firstBlock: number, endBlock: number): void {
    const from = lowerBound(this.#ends, firstBlock);
    let to = from;
    let start = firstBlock;
    let end = endBlock;
    while (to < this.#starts.length && this.#starts[to]! <= endBlock) {
      start = Math.min(start, this.#starts[to]!);
      end = Math.max(end, this.#ends[to]!);
      this.#blockCount -= this.#ends[to]! - this.#starts[to]!;
      to++;
    }
    this.#starts.splice(from, to - from, start);
    this.#ends.splice(from, to - from, end);
    this.#blockCount += end - start;
  }

  /** @returns the runs, ascending */
  list(): ZeroRun[] {
    return this.#starts.map((firstBlock, i) => ({
      firstBlock,
      blockCount: this.#ends[i]! - firstBlock,
    }));
  }

  /** Empties the set. */
  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#blockCount = 0;
  }
}

/** Index of the first value that is at least `wanted`. */
function lowerBound(values: readonly number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  if (high > 0 && values[high - 1]! < wanted) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
