/** Gives a range back. */
export type Release = () => void;

interface Claim {
  readonly start: number;
  readonly end: number;
  grant: (() => void) | undefined;
}

/**
 * Lets operations on separate ranges go on at once and makes overlapping ones wait for each other, in order of asking.
 * Cheap while few operations are under way, which is what a disk's queue depth is.
 */
export class RangeLock {
  readonly #claims: Claim[] = [];

  /** Whether nobody holds or awaits any range. */
  get isIdle(): boolean {
    return this.#claims.length === 0;
  }

  /**
   * Takes a range, waiting for those who asked for an overlapping one before.
   * @param start - first unit of the range, any unit
   * @param end - unit after the last
   * @returns what gives the range back, at once when nobody is in the way
   */
  acquire(start: number, end: number): Release | Promise<Release> {
    const claim: Claim = { start, end, grant: undefined };
    const isBlocked = this.#isBlocked(claim, this.#claims.length);
    this.#claims.push(claim);
    const release = (): void => this.#release(claim);
    if (!isBlocked) return release;
    return new Promise((resolve) => {
      claim.grant = () => resolve(release);
    });
  }

  #isBlocked(claim: Claim, before: number): boolean {
    for (let index = 0; index < before; index += 1) {
      const other = this.#claims[index]!;
      if (other.start < claim.end && claim.start < other.end) return true;
    }
    return false;
  }

  #release(claim: Claim): void {
    this.#claims.splice(this.#claims.indexOf(claim), 1);
    for (let index = 0; index < this.#claims.length; index += 1) {
      const waiting = this.#claims[index]!;
      if (waiting.grant === undefined || this.#isBlocked(waiting, index)) continue;
      const grant = waiting.grant;
      waiting.grant = undefined;
      grant();
    }
  }
}
