import { blockBytes, windowZeroBytesMax, windowZeroRunsMax } from '../../base/limits.ts';
import type { ZeroRun } from '../cut.ts';
import { slabBlocks } from '../slab-pool.ts';
import { BlockIndex, noPosition } from './block-index.ts';
import type { WindowArena } from './window-arena.ts';
import { ZeroRuns } from './zero-runs.ts';

/** What a window held when it was cut. */
export interface WindowContent {
  /** Blocks written with data, ascending. */
  readonly blocks: Float64Array;
  /** Where they lie, in the same order. */
  readonly positions: Int32Array;
  /** Zeroed runs; a block that is in `blocks` too was written afterwards. */
  readonly zeroes: readonly ZeroRun[];
}

/**
 * The newest content of every block that one disk wrote since the last cut.
 * Invariant: a block that was zeroed last has no position and lies in the zero runs; a block that was written last has a
 * position, whether it lies in the zero runs or not.
 */
export class CaptureWindow {
  readonly #arena: WindowArena;
  readonly #index = new BlockIndex();
  readonly #zeroes = new ZeroRuns();

  /** @param arena - gives the places; shared by all disks of the machine */
  constructor(arena: WindowArena) {
    this.#arena = arena;
  }

  /** Whether nothing was written since the last cut. */
  get isEmpty(): boolean {
    return this.#index.count === 0 && this.#zeroes.runCount === 0;
  }

  /** Whether zeroes alone make the next commit as large as it may be. */
  get isFullOfZeroes(): boolean {
    return (
      this.#zeroes.runCount >= windowZeroRunsMax ||
      this.#zeroes.blockCount >= windowZeroBytesMax / blockBytes
    );
  }

  /**
   * Copies blocks into the window: all of them or, without memory, none.
   * @param firstBlock - number of the first one
   * @param data - content; its last block may be short, and is then filled up with zeroes
   * @returns whether there was memory for them
   */
  put(firstBlock: number, data: Uint8Array): boolean {
    const blockCount = Math.ceil(data.length / blockBytes);
    if (!this.#arena.canTake(blockCount)) return false;
    this.#index.reserve(blockCount);
    if (blockCount === 1) {
      this.#copy(this.#place(firstBlock), data);
      return true;
    }
    let runStart = 0;
    let runPosition = this.#place(firstBlock);
    let previous = runPosition;
    for (let i = 1; i < blockCount; i++) {
      const position = this.#place(firstBlock + i);
      if (position !== previous + 1 || position % slabBlocks === 0) {
        this.#copy(runPosition, data.subarray(runStart * blockBytes, i * blockBytes));
        runStart = i;
        runPosition = position;
      }
      previous = position;
    }
    this.#copy(runPosition, runStart === 0 ? data : data.subarray(runStart * blockBytes));
    return true;
  }

  /**
   * Notes that blocks read as zeroes now.
   * @param firstBlock - start of the range
   * @param endBlock - its end, exclusive
   */
  putZeroes(firstBlock: number, endBlock: number): void {
    this.#index.forget(firstBlock, endBlock);
    this.#zeroes.add(firstBlock, endBlock);
  }

  /** Empties the window. @returns what it held; its slabs are handed over by the arena */
  cut(): WindowContent {
    const { blocks, positions } = this.#index.sorted();
    const zeroes = this.#zeroes.list();
    this.#index.clear();
    this.#zeroes.clear();
    return { blocks, positions, zeroes };
  }

  #place(block: number): number {
    const slot = this.#index.slot(block);
    let position = this.#index.positionAt(slot);
    if (position === noPosition) {
      position = this.#arena.take();
      this.#index.setPositionAt(slot, position);
    }
    return position;
  }

  #copy(position: number, data: Uint8Array): void {
    const slab = this.#arena.pool.bytes(Math.floor(position / slabBlocks));
    const start = (position % slabBlocks) * blockBytes;
    slab.set(data, start);
    const beyond = data.length % blockBytes;
    if (beyond !== 0) slab.fill(0, start + data.length, start + data.length - beyond + blockBytes);
  }
}
