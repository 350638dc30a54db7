import { strict as assert } from 'node:assert';
import { pageBytes } from '../../base/limits.ts';

/** Pages taken from the system at once: 4 MiB. */
const slabPages = 64;

/**
 * Memory for pages, shared with the threads that fill it. It is taken from the system as it is needed and used again and
 * again: new memory for each page costs more in the kernel than decoding into it.
 */
export class PageMemory {
  readonly #free: Buffer<SharedArrayBuffer>[] = [];
  readonly #pagesMax: number;
  #pages = 0;

  /** @param pagesMax - pages in all */
  constructor(pagesMax: number) {
    this.#pagesMax = pagesMax;
  }

  /**
   * Takes a page.
   * @returns pageBytes of memory with anything in it; undefined when all are taken
   */
  take(): Buffer<SharedArrayBuffer> | undefined {
    if (this.#free.length === 0) this.#grow();
    return this.#free.pop();
  }

  /**
   * Gives a page back.
   * @param memory - as it was taken; of no further use
   */
  give(memory: Buffer<SharedArrayBuffer>): void {
    assert(this.#free.length < this.#pages, 'a page is given back once');
    this.#free.push(memory);
  }

  #grow(): void {
    const count = Math.min(slabPages, this.#pagesMax - this.#pages);
    if (count === 0) return;
    const slab = new SharedArrayBuffer(count * pageBytes);
    this.#pages += count;
    // The first pages of the slab are given out first.
    for (let index = count - 1; index >= 0; index--) {
      this.#free.push(Buffer.from(slab, index * pageBytes, pageBytes));
    }
  }
}
