import { strict as assert } from 'node:assert';

/** A caller that waits for its range. */
interface Waiter {
  readonly first: number;
  readonly end: number;
  readonly grant: () => void;
}

/**
 * Serialises operations on overlapping ranges of blocks in the order in which they came; ranges apart do not see each
 * other. Unlike the disks' RangeLock, an operation that nobody is in the way of pays neither a promise nor an allocation.
 */
export class BlockLock {
  #firsts: Float64Array = new Float64Array(64);
  #ends: Float64Array = new Float64Array(64);
  #held = 0;
  readonly #waiters: Waiter[] = [];

  /** Operations under way or waiting. */
  get busyCount(): number {
    return this.#held + this.#waiters.length;
  }

  /**
   * Whether a range could be held at once.
   * @param first - first block
   * @param end - end, exclusive
   */
  isFree(first: number, end: number): boolean {
    for (let i = 0; i < this.#held; i++) {
      if (this.#firsts[i]! < end && first < this.#ends[i]!) return false;
    }
    return this.#waiters.length === 0 || !overlapsAny(this.#waiters, first, end);
  }

  /**
   * Holds a range that is free.
   * @param first - first block
   * @param end - end, exclusive, more than `first`
   */
  hold(first: number, end: number): void {
    if (this.#held === this.#firsts.length) this.#grow();
    this.#firsts[this.#held] = first;
    this.#ends[this.#held] = end;
    this.#held++;
  }

  /**
   * Holds a range as soon as everything that came before and overlaps it has ended.
   * @param first - first block
   * @param end - end, exclusive, more than `first`
   */
  async acquire(first: number, end: number): Promise<void> {
    if (this.isFree(first, end)) {
      this.hold(first, end);
      return;
    }
    await new Promise<void>((grant) => {
      this.#waiters.push({ first, end, grant });
    });
  }

  /**
   * Ends holding a range.
   * @param first - as it was held
   * @param end - as it was held
   */
  release(first: number, end: number): void {
    let i = 0;
    while (i < this.#held && this.#firsts[i] !== first) i++;
    assert(i < this.#held && this.#ends[i] === end, 'a range was released that was not held');
    this.#held--;
    this.#firsts[i] = this.#firsts[this.#held]!;
    this.#ends[i] = this.#ends[this.#held]!;
    if (this.#waiters.length > 0) this.#grantWaiters();
  }

  #grantWaiters(): void {
    const waiting = this.#waiters.splice(0);
    for (const waiter of waiting) {
      // Earlier waiters that still wait are in #waiters again, so isFree keeps the order.
      if (this.isFree(waiter.first, waiter.end)) {
        this.hold(waiter.first, waiter.end);
        waiter.grant();
      } else {
        this.#waiters.push(waiter);
      }
    }
  }

  #grow(): void {
    const firsts = new Float64Array(this.#firsts.length * 2);
    const ends = new Float64Array(firsts.length);
    firsts.set(this.#firsts);
    ends.set(this.#ends);
    this.#firsts = firsts;
    this.#ends = ends;
  }
}

function overlapsAny(waiters: readonly Waiter[], first: number, end: number): boolean {
  for (const waiter of waiters) {
    if (waiter.first < end && first < waiter.end) return true;
  }
  return false;
}
