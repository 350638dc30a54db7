/** Bits in a page: 32,768, so that a page of 4 KiB blocks spans 128 MiB of disk. */
const pageBits = 32_768;
const pageBytes = pageBits / 8;
const fullPage = Symbol('every bit is set');

type Page = Uint8Array | typeof fullPage;

/**
 * Set of block numbers. Pages that are all clear or all set hold no memory of their own, so a map of a huge disk costs
 * what was touched at random: at most 1 bit per block, 32 MiB per TiB of 4 KiB blocks.
 */
export class BlockBitmap {
  readonly #pages = new Map<number, Page>();

  /**
   * Whether a block is in the set.
   * @param block - number, 0 or more
   */
  has(block: number): boolean {
    const page = this.#pages.get(Math.floor(block / pageBits));
    if (page === undefined) return false;
    return page === fullPage || isSet(page, block % pageBits);
  }

  /**
   * Puts blocks into the set.
   * @param start - first block
   * @param end - block after the last
   */
  add(start: number, end: number): void {
    forEachPage(start, end, (number, from, to) => {
      if (to - from === pageBits) this.#pages.set(number, fullPage);
      else this.#edit(number, (page) => fill(page, from, to, true), fullPage);
    });
  }

  /**
   * Takes blocks out of the set.
   * @param start - first block
   * @param end - block after the last
   */
  remove(start: number, end: number): void {
    forEachPage(start, end, (number, from, to) => {
      if (to - from === pageBits) this.#pages.delete(number);
      else this.#edit(number, (page) => fill(page, from, to, false), undefined);
    });
  }

  /**
   * Finds where the run of blocks that are alike (all in the set, or all not) ends.
   * @param start - first block of the run
   * @param end - where to stop looking
   * @returns block after the run's last, at most `end`
   */
  runEnd(start: number, end: number): number {
    const wanted = this.has(start);
    let block = start;
    while (block < end) {
      const number = Math.floor(block / pageBits);
      const page = this.#pages.get(number);
      const pageStart = number * pageBits;
      if (page instanceof Uint8Array) {
        block = pageStart + runEndInPage(page, block - pageStart, wanted);
        if (block < pageStart + pageBits) return Math.min(block, end);
      } else {
        if ((page === fullPage) !== wanted) return block;
        block = pageStart + pageBits;
      }
    }
    return end;
  }

  // Changes a page in place, making real what was implied; `unchanged` is the state that needs no change.
  #edit(number: number, change: (page: Uint8Array) => void, unchanged: Page | undefined): void {
    const page = this.#pages.get(number);
    if (page === unchanged) return;
    if (page instanceof Uint8Array) {
      change(page);
      return;
    }
    const real = new Uint8Array(pageBytes).fill(page === fullPage ? 0xff : 0);
    change(real);
    this.#pages.set(number, real);
  }
}

function forEachPage(
  start: number,
  end: number,
  visit: (number: number, from: number, to: number) => void,
): void {
  for (let block = start; block < end; ) {
    const number = Math.floor(block / pageBits);
    const to = Math.min(end - number * pageBits, pageBits);
    visit(number, block - number * pageBits, to);
    block = number * pageBits + to;
  }
}

function isSet(page: Uint8Array, bit: number): boolean {
  return (page[bit >> 3]! & (1 << (bit & 7))) !== 0;
}

function fill(page: Uint8Array, from: number, to: number, value: boolean): void {
  let bit = from;
  while (bit < to) {
    if ((bit & 7) === 0 && to - bit >= 8) {
      const bytes = (to - bit) >> 3;
      page.fill(value ? 0xff : 0, bit >> 3, (bit >> 3) + bytes);
      bit += bytes * 8;
    } else {
      const mask = 1 << (bit & 7);
      page[bit >> 3] = value ? page[bit >> 3]! | mask : page[bit >> 3]! & ~mask;
      bit += 1;
    }
  }
}

function runEndInPage(page: Uint8Array, start: number, wanted: boolean): number {
  const uniform = wanted ? 0xff : 0;
  let bit = start;
  while (bit < pageBits) {
    if ((bit & 7) === 0 && page[bit >> 3] === uniform) bit += 8;
    else if (isSet(page, bit) === wanted) bit += 1;
    else return bit;
  }
  return pageBits;
}
