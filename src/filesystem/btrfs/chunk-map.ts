import type { Chunk } from './chunk.ts';

/** Chunks that are kept of one volume: 1 GiB each, that is a thousand terabytes; more is no volume of ours. */
const chunksMax = 1_000_000;

/** Where the address space of a volume lies on its device. */
export class ChunkMap {
  #chunks: Chunk[] = [];
  #isSorted = true;

  /**
   * Adds a chunk; one that begins where another does is the same one, told again.
   * @returns whether there was room
   */
  add(chunk: Chunk): boolean {
    if (this.#chunks.length >= chunksMax) return false;
    this.#chunks.push(chunk);
    this.#isSorted = false;
    return true;
  }

  /** All chunks in the order of the address space. */
  get chunks(): readonly Chunk[] {
    if (!this.#isSorted) this.#sort();
    return this.#chunks;
  }

  /**
   * The chunk that an address lies in.
   * @param logicalBytes - the address
   * @returns undefined when it lies in none
   */
  at(logicalBytes: number): Chunk | undefined {
    const { chunks } = this;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunks[middle]!.logicalBytes <= logicalBytes) low = middle + 1;
      else high = middle;
    }
    const chunk = chunks[low - 1];
    const isInside = chunk !== undefined && logicalBytes < chunk.logicalBytes + chunk.lengthBytes;
    return isInside ? chunk : undefined;
  }

  #sort(): void {
    const byStart = new Map(this.#chunks.map((chunk) => [chunk.logicalBytes, chunk]));
    const sorted = [...byStart.values()].sort(
      (left, right) => left.logicalBytes - right.logicalBytes,
    );
    this.#chunks = sorted;
    this.#isSorted = true;
  }
}
