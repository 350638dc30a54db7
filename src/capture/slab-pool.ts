import { strict as assert } from 'node:assert';
import { blockBytes, slabBytes } from '../base/limits.ts';

/** Blocks in a slab. */
export const slabBlocks: number = slabBytes / blockBytes;

/** Memory is asked for to capture a guest's write, or to bring on its way what was captured. */
export type SlabPurpose = 'capture' | 'drain';

/** How much memory a pool may hold. */
export interface SlabPoolOptions {
  /** All slabs together, bytes. */
  readonly memoryBytesMax: number;
  /** Part of it that capturing may not take, so that draining can always go on, bytes. */
  readonly reserveBytes: number;
}

/** Free slabs that are kept for the next user, so that a busy second does not allocate; more are given back. */
const freeSlabsMax = 32;

/**
 * Bounded shared memory in slabs of 1 MiB, counted by reference: two windows may share a slab when the first was cut
 * before it was full. A *position* names one block of the pool: slab × 256 + block in the slab.
 */
export class SlabPool {
  readonly #slabsMax: number;
  readonly #reserve: number;
  readonly #slabs: (Uint8Array<SharedArrayBuffer> | undefined)[] = [];
  readonly #references: number[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #freeMemory: Uint8Array<SharedArrayBuffer>[] = [];
  #used = 0;

  /** @param options - see SlabPoolOptions */
  constructor(options: SlabPoolOptions) {
    this.#slabsMax = Math.floor(options.memoryBytesMax / slabBytes);
    this.#reserve = Math.ceil(options.reserveBytes / slabBytes);
    assert(this.#slabsMax > this.#reserve, 'a pool needs more memory than its reserve');
  }

  /** Memory in use, bytes. */
  get usedBytes(): number {
    return this.#used * slabBytes;
  }

  /** Most memory that capturing may use, bytes. */
  get captureBytesMax(): number {
    return (this.#slabsMax - this.#reserve) * slabBytes;
  }

  /**
   * Slabs that could be taken now.
   * @param purpose - who asks
   */
  available(purpose: SlabPurpose): number {
    const limit = purpose === 'capture' ? this.#slabsMax - this.#reserve : this.#slabsMax;
    return Math.max(0, limit - this.#used);
  }

  /**
   * Takes a slab; its content is whatever was there before.
   * @param purpose - who asks
   * @returns its number, held once; -1 when there is none left
   */
  take(purpose: SlabPurpose): number {
    if (this.available(purpose) === 0) return -1;
    this.#used++;
    const slab = this.#freeNumbers.pop() ?? this.#slabs.length;
    this.#slabs[slab] = this.#freeMemory.pop() ?? new Uint8Array(new SharedArrayBuffer(slabBytes));
    this.#references[slab] = 1;
    return slab;
  }

  /** Holds a slab once more. @param slab - a slab in use */
  retain(slab: number): void {
    assert(this.#references[slab]! > 0);
    this.#references[slab]!++;
  }

  /** Lets go of a slab; the last one to do so frees it. @param slab - a slab in use */
  release(slab: number): void {
    assert(this.#references[slab]! > 0);
    if (--this.#references[slab]! > 0) return;
    this.#used--;
    if (this.#freeMemory.length < freeSlabsMax) this.#freeMemory.push(this.#slabs[slab]!);
    this.#slabs[slab] = undefined;
    this.#freeNumbers.push(slab);
  }

  /** Memory of a slab. @param slab - a slab in use */
  bytes(slab: number): Uint8Array<SharedArrayBuffer> {
    return this.#slabs[slab]!;
  }

  /**
   * Memory of neighbouring blocks.
   * @param position - the first one
   * @param blockCount - blocks, all in the same slab
   */
  blocks(position: number, blockCount: number): Uint8Array<SharedArrayBuffer> {
    const slab = this.#slabs[Math.floor(position / slabBlocks)]!;
    const start = (position % slabBlocks) * blockBytes;
    return slab.subarray(start, start + blockCount * blockBytes);
  }
}
