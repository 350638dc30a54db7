import { setImmediate as turn } from 'node:timers/promises';
import { blockBytes, regionBlocks } from '../../base/limits.ts';
import type { BlockRun } from '../../repository/index.ts';
import type { ZeroRun } from '../cut.ts';
import { type SlabPool, slabBlocks } from '../slab-pool.ts';

/** Blocks of one disk, as they lie in the pool. */
export interface ScatteredBlocks {
  /** Block numbers, ascending. */
  readonly blocks: Float64Array;
  /** Their places, in the same order. */
  readonly positions: Int32Array;
  /** Zeroed runs; a block that is in `blocks` too was written afterwards. */
  readonly zeroes: readonly ZeroRun[];
}

/** Runs of one disk, and the memory that was taken for them. */
export interface GatheredRuns {
  /** Sorted, apart, each run of data inside one region. */
  readonly runs: readonly BlockRun[];
  /** Slabs that were taken to bring scattered blocks together, each held once for the caller. */
  readonly slabs: readonly number[];
}

/** Copied between two turns of the event loop, blocks: about a millisecond. */
const copyBlocksPerTurn = 1024;

/**
 * Makes runs of blocks: neighbours that lie in sequence are used where they lie, others are copied together while there
 * is memory for it; without, they stay shorter runs.
 * @param source - the blocks of one disk
 * @param pool - where they lie
 */
export async function gatherRuns(source: ScatteredBlocks, pool: SlabPool): Promise<GatheredRuns> {
  const gatherer = new Gatherer(source, pool);
  await gatherer.run();
  return { runs: gatherer.runs, slabs: gatherer.slabs };
}

class Gatherer {
  readonly runs: BlockRun[] = [];
  readonly slabs: number[] = [];
  readonly #source: ScatteredBlocks;
  readonly #pool: SlabPool;
  #target = -1;
  #next: number = slabBlocks;
  #copiedBlocks = 0;

  constructor(source: ScatteredBlocks, pool: SlabPool) {
    this.#source = source;
    this.#pool = pool;
  }

  /** Lays data over zeroes, in order of blocks. */
  async run(): Promise<void> {
    const { blocks, zeroes } = this.#source;
    let i = 0;
    for (const zero of zeroes) {
      let cursor = zero.firstBlock;
      const end = zero.firstBlock + zero.blockCount;
      i = await this.#data(i, cursor);
      while (i < blocks.length && blocks[i]! < end) {
        this.#zero(cursor, blocks[i]!);
        let j = i + 1;
        while (j < blocks.length && blocks[j]! === blocks[j - 1]! + 1 && blocks[j]! < end) j++;
        cursor = blocks[j - 1]! + 1;
        i = await this.#data(i, cursor);
      }
      this.#zero(cursor, end);
    }
    await this.#data(i, Infinity);
  }

  #zero(firstBlock: number, endBlock: number): void {
    if (endBlock > firstBlock) this.runs.push({ firstBlock, blockCount: endBlock - firstBlock });
  }

  /** Adds the blocks from index `i` on that lie below `endBlock`. @returns the index after them */
  async #data(i: number, endBlock: number): Promise<number> {
    const { blocks } = this.#source;
    while (i < blocks.length && blocks[i]! < endBlock) {
      const region = Math.floor(blocks[i]! / regionBlocks);
      const limit = Math.min(endBlock, (region + 1) * regionBlocks);
      let j = i + 1;
      while (j < blocks.length && blocks[j]! === blocks[j - 1]! + 1 && blocks[j]! < limit) j++;
      this.#neighbours(i, j);
      i = j;
      if (this.#copiedBlocks >= copyBlocksPerTurn) {
        this.#copiedBlocks = 0;
        await turn();
      }
    }
    return i;
  }

  /** Adds neighbouring blocks of one region. */
  #neighbours(from: number, to: number): void {
    const position = this.#sequenceEnd(from, to) === to ? -1 : this.#claim(to - from);
    const firstBlock = this.#source.blocks[from]!;
    if (position >= 0) {
      const data = this.#pool.blocks(position, to - from);
      this.#copy(from, to, data);
      this.runs.push({ firstBlock, blockCount: to - from, data });
      return;
    }
    for (let i = from; i < to; ) {
      const end = this.#sequenceEnd(i, to);
      const data = this.#pool.blocks(this.#source.positions[i]!, end - i);
      this.runs.push({ firstBlock: this.#source.blocks[i]!, blockCount: end - i, data });
      i = end;
    }
  }

  /** End of the blocks from `from` on that lie in sequence in one slab. */
  #sequenceEnd(from: number, to: number): number {
    const { positions } = this.#source;
    let i = from + 1;
    while (i < to && positions[i]! === positions[i - 1]! + 1 && positions[i]! % slabBlocks !== 0) {
      i++;
    }
    return i;
  }

  #copy(from: number, to: number, target: Uint8Array): void {
    for (let i = from; i < to; ) {
      const end = this.#sequenceEnd(i, to);
      const data = this.#pool.blocks(this.#source.positions[i]!, end - i);
      target.set(data, (i - from) * blockBytes);
      i = end;
    }
    this.#copiedBlocks += to - from;
  }

  /** Takes room for blocks in one slab. @returns its position, -1 without memory */
  #claim(blockCount: number): number {
    if (this.#next + blockCount > slabBlocks) {
      const slab = this.#pool.take('drain');
      if (slab < 0) return -1;
      this.slabs.push(slab);
      this.#target = slab;
      this.#next = 0;
    }
    const position = this.#target * slabBlocks + this.#next;
    this.#next += blockCount;
    return position;
  }
}
