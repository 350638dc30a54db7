const pageNumbers = 2048;
const countMax = 0xffff;

/** How often each inode number was met, up to 65535 times: 2 bytes each, in pages that are made where a number is met. */
export class NumberCounts {
  readonly #pages = new Map<number, Uint16Array>();

  /**
   * Counts a number.
   * @param number - safe integer, 0 or more
   * @param times - how often it was met
   */
  add(number: number, times: number): void {
    const key = Math.floor(number / pageNumbers);
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = new Uint16Array(pageNumbers);
      this.#pages.set(key, page);
    }
    const place = number % pageNumbers;
    page[place] = Math.min(page[place]! + times, countMax);
  }

  /**
   * How often a number was met.
   * @param number - safe integer, 0 or more
   */
  get(number: number): number {
    return this.#pages.get(Math.floor(number / pageNumbers))?.[number % pageNumbers] ?? 0;
  }
}
