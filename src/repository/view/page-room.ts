import { strict as assert } from 'node:assert';

interface Waiting {
  readonly count: number;
  readonly go: () => void;
}

/**
 * Counts how many pages may be held at once. Whoever takes some takes all it needs in one step and first come is first
 * served, so nobody waits for somebody who waits.
 */
export class PageRoom {
  readonly #total: number;
  #free: number;
  readonly #line: Waiting[] = [];

  /** @param total - pages there are */
  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /**
   * Takes room, waiting until there is enough.
   * @param count - pages, at most the total
   */
  async take(count: number): Promise<void> {
    assert(count <= this.#total, 'nobody can hold more pages than there are');
    if (this.#line.length === 0 && count <= this.#free) {
      this.#free -= count;
      return;
    }
    await new Promise<void>((go) => {
      this.#line.push({ count, go });
    });
  }

  /**
   * Gives room back.
   * @param count - pages
   */
  give(count: number): void {
    this.#free += count;
    for (;;) {
      const next = this.#line[0];
      if (next === undefined || next.count > this.#free) return;
      this.#line.shift();
      this.#free -= next.count;
      next.go();
    }
  }
}
