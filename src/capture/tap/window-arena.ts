import { type SlabPool, slabBlocks } from '../slab-pool.ts';

/**
 * Gives out the places where the blocks of a machine's current window lie, one after the other, so that what is written
 * in sequence lies in sequence. Windows that follow each other share a slab until it is full.
 */
export class WindowArena {
  readonly #pool: SlabPool;
  /** Slab being filled; held by the arena itself until it is full or the machine is idle. */
  #slab = -1;
  #next: number = slabBlocks;
  #held: number[] = [];
  #isCurrentHeld = false;
  #usedBlocks = 0;

  /** @param pool - where slabs come from */
  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The pool that positions speak of. */
  get pool(): SlabPool {
    return this.#pool;
  }

  /** Places given out in this window. */
  get usedBlocks(): number {
    return this.#usedBlocks;
  }

  /** Whether so many places can be given out now. @param blockCount - places, 1 or more */
  canTake(blockCount: number): boolean {
    const missing = blockCount - (slabBlocks - this.#next);
    return missing <= 0 || missing <= this.#pool.available('capture') * slabBlocks;
  }

  /** Gives out the next place; `canTake` has said that there is one. @returns its position in the pool */
  take(): number {
    if (this.#next === slabBlocks) this.#advance();
    if (!this.#isCurrentHeld) {
      this.#pool.retain(this.#slab);
      this.#held.push(this.#slab);
      this.#isCurrentHeld = true;
    }
    this.#usedBlocks++;
    return this.#slab * slabBlocks + this.#next++;
  }

  /** Begins a new window. @returns the slabs of the old one; the caller now holds them */
  cut(): number[] {
    const held = this.#held;
    this.#held = [];
    this.#isCurrentHeld = false;
    this.#usedBlocks = 0;
    return held;
  }

  /** Gives back the slab being filled while nothing is written. */
  rest(): void {
    if (this.#slab < 0 || this.#usedBlocks > 0) return;
    this.#pool.release(this.#slab);
    this.#slab = -1;
    this.#next = slabBlocks;
  }

  #advance(): void {
    if (this.#slab >= 0) this.#pool.release(this.#slab);
    this.#slab = this.#pool.take('capture');
    this.#next = 0;
    this.#isCurrentHeld = false;
  }
}
