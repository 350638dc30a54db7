import { strict as assert } from 'node:assert';
import { regionBlocks } from '../../base/limits.ts';
import { excludedStartBlock } from '../../format/commit-record.ts';

/** Neighbouring blocks of a region whose content lies side by side in one chunk. */
export interface Extent {
  /** First block within the region, 0–255. */
  readonly startBlock: number;
  /** 1–256. */
  readonly blockCount: number;
  /** Number of the chunk; 0: the blocks are zeroes, or excluded. */
  readonly chunkNumber: number;
  /** Block of the chunk that holds the first one; without a chunk 0 for zeroes, `excludedStartBlock` for excluded blocks. */
  readonly chunkStartBlock: number;
}

const countUnit = 2 ** 8;
const chunkStartUnit = 2 ** 16;

/**
 * Extents of one region: sorted by block, not overlapping. Immutable. Kept as two numbers each, because a busy view holds
 * many thousands of these. Word 2i holds startBlock, blockCount − 1 and chunkStartBlock; word 2i + 1 the chunk number.
 */
export class RegionExtents {
  /** No extents: the whole region is zeroes. */
  static readonly empty: RegionExtents = new RegionExtents([]);
  readonly #words: readonly number[];

  /** @param words - owned from now on; use `from` or a builder */
  constructor(words: readonly number[]) {
    this.#words = words;
  }

  /**
   * Packs extents.
   * @param extents - sorted, not overlapping, in range; anything else is a bug of the caller
   */
  static from(extents: readonly Extent[]): RegionExtents {
    const builder = new RegionExtentsBuilder();
    for (const extent of extents) {
      assert(extent.startBlock >= builder.endBlock && extent.blockCount >= 1, 'extents overlap');
      assert(extent.startBlock + extent.blockCount <= regionBlocks, 'an extent leaves its region');
      builder.add(extent.startBlock, extent.blockCount, extent.chunkNumber, extent.chunkStartBlock);
    }
    return builder.build();
  }

  /** Number of extents. */
  get count(): number {
    return this.#words.length / 2;
  }

  /**
   * @param index - 0 to count − 1
   * @returns first block within the region, 0–255
   */
  startBlock(index: number): number {
    return this.#words[2 * index]! & 0xff;
  }

  /**
   * @param index - 0 to count − 1
   * @returns blocks, 1–256
   */
  blockCount(index: number): number {
    return ((this.#words[2 * index]! >>> 8) & 0xff) + 1;
  }

  /**
   * @param index - 0 to count − 1
   * @returns block of the chunk that holds the extent's first
   */
  chunkStartBlock(index: number): number {
    return this.#words[2 * index]! >>> 16;
  }

  /**
   * @param index - 0 to count − 1
   * @returns number of the chunk, 0 for zeroes
   */
  chunkNumber(index: number): number {
    return this.#words[2 * index + 1]!;
  }

  /**
   * @param index - 0 to count − 1
   * @returns whether its blocks are known to be zeroes
   */
  isZero(index: number): boolean {
    return this.chunkNumber(index) === 0 && this.chunkStartBlock(index) === 0;
  }

  /**
   * @param index - 0 to count − 1
   * @returns whether its blocks were excluded: they read as zeroes, and what they held is not known
   */
  isExcluded(index: number): boolean {
    return this.chunkNumber(index) === 0 && this.chunkStartBlock(index) === excludedStartBlock;
  }

  /**
   * @param index - 0 to count − 1
   * @returns the block after the extent, 1–256
   */
  endBlock(index: number): number {
    return this.startBlock(index) + this.blockCount(index);
  }

  /**
   * Finds where a block lies.
   * @param block - 0–255
   * @returns index of the extent that holds it, or of the next one behind it; count when there is none
   */
  indexAtOrAfter(block: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.endBlock(middle) <= block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @returns the extents as objects, for showing and testing */
  toArray(): Extent[] {
    return Array.from({ length: this.count }, (_, index) => ({
      startBlock: this.startBlock(index),
      blockCount: this.blockCount(index),
      chunkNumber: this.chunkNumber(index),
      chunkStartBlock: this.chunkStartBlock(index),
    }));
  }

  /**
   * @param other - to compare with
   * @returns whether both list the same
   */
  equals(other: RegionExtents): boolean {
    return (
      this.#words.length === other.#words.length &&
      this.#words.every((word, index) => word === other.#words[index])
    );
  }
}

/** Words of a region of single blocks. Holds fractions at first, so that the engine keeps plain doubles in it for good. */
const scratch: number[] = new Array<number>(2 * regionBlocks).fill(0.5);

/**
 * Collects extents in order; joins neighbours that continue each other. All builders share one scratch memory, since
 * allocating is what costs here: build one region, then begin the next.
 */
export class RegionExtentsBuilder {
  #length = 0;
  /** Block after the last extent added. */
  endBlock: number = 0;

  /**
   * Adds an extent behind the last one. Callers have checked the ranges.
   * @param startBlock - at least endBlock
   * @param blockCount - 1 or more
   * @param chunkNumber - 0 for zeroes and excluded blocks
   * @param chunkStartBlock - without a chunk 0 for zeroes, `excludedStartBlock` for excluded blocks
   */
  add(startBlock: number, blockCount: number, chunkNumber: number, chunkStartBlock: number): void {
    const isJoined = this.#join(startBlock, blockCount, chunkNumber, chunkStartBlock);
    this.endBlock = startBlock + blockCount;
    if (isJoined) return;
    scratch[this.#length] =
      startBlock + (blockCount - 1) * countUnit + chunkStartBlock * chunkStartUnit;
    scratch[this.#length + 1] = chunkNumber;
    this.#length += 2;
  }

  /** @returns what was added; the builder is spent */
  build(): RegionExtents {
    return this.#length === 0
      ? RegionExtents.empty
      : new RegionExtents(scratch.slice(0, this.#length));
  }

  #join(
    startBlock: number,
    blockCount: number,
    chunkNumber: number,
    chunkStartBlock: number,
  ): boolean {
    if (this.#length === 0 || startBlock !== this.endBlock) return false;
    if (scratch[this.#length - 1] !== chunkNumber) return false;
    const word = scratch[this.#length - 2]!;
    const lastCount = ((word >>> 8) & 0xff) + 1;
    const nextStart = (word >>> 16) + (chunkNumber === 0 ? 0 : lastCount);
    if (nextStart !== chunkStartBlock) return false;
    scratch[this.#length - 2] = word + blockCount * countUnit;
    return true;
  }
}
