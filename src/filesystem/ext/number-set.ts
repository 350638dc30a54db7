const pageBytes = 4096;
const pageBits = pageBytes * 8;

/** A set of block or inode numbers: one bit each, in pages that are made where a number is put in. */
export class NumberSet {
  readonly #pages = new Map<number, Uint8Array>();

  /**
   * Puts a number in.
   * @param number - safe integer, 0 or more
   * @returns whether it was not in before
   */
  add(number: number): boolean {
    const key = Math.floor(number / pageBits);
    let page = this.#pages.get(key);
    if (page === undefined) {
      page = new Uint8Array(pageBytes);
      this.#pages.set(key, page);
    }
    const bit = number % pageBits;
    const mask = 1 << (bit & 7);
    const isNew = (page[bit >> 3]! & mask) === 0;
    page[bit >> 3]! |= mask;
    return isNew;
  }

  /**
   * Whether a number is in.
   * @param number - safe integer, 0 or more
   */
  has(number: number): boolean {
    const page = this.#pages.get(Math.floor(number / pageBits));
    const bit = number % pageBits;
    return page !== undefined && (page[bit >> 3]! & (1 << (bit & 7))) !== 0;
  }
}
