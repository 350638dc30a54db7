/** A fixed number of places; who finds none waits in line. */
export class Slots {
  #free: number;
  readonly #line: (() => void)[] = [];

  /** @param count - places, 1 or more */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a place, waiting until one is free.
   * @returns gives it back; to be called once
   */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve) => {
        this.#line.push(resolve);
      });
    }
    return () => {
      const next = this.#line.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
