/** Counts operations under way, so that what they use is not closed below them. */
export class Pending {
  #count = 0;
  #idle: (() => void) | undefined;

  /**
   * Counts an operation until it settles.
   * @param operation - under way
   * @returns the same outcome
   */
  async track<T>(operation: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await operation;
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#idle?.();
    }
  }

  /** Ends when no operation is under way; asked once, after the last one was started. */
  whenIdle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}
