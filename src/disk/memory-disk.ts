import type { DiskExtent, WritableDisk } from './disk.ts';
import { ExtentList } from './extent-list.ts';
import { assertInside } from './range.ts';
import { isAllZero } from './zeroes.ts';

const pageBytes = 64 * 1024;

/** A disk in memory, sparse by 64 KiB pages; every operation completes at once. For tests, tools and measurements. */
export class MemoryDisk implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Zeroing gives pages back. */
  readonly isFastToZero = true;
  readonly #pages = new Map<number, Buffer>();

  /** @param sizeBytes - size, bytes; memory is taken only where data is written */
  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): void {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    let done = 0;
    while (done < target.length) {
      const inPage = (offsetBytes + done) % pageBytes;
      const length = Math.min(pageBytes - inPage, target.length - done);
      const page = this.#pages.get(Math.floor((offsetBytes + done) / pageBytes));
      if (page === undefined) target.fill(0, done, done + length);
      else page.copy(target, done, inPage, inPage + length);
      done += length;
    }
  }

  /** @inheritdoc */
  write(data: Uint8Array, offsetBytes: number): void {
    assertInside(this.sizeBytes, offsetBytes, data.length);
    let done = 0;
    while (done < data.length) {
      const inPage = (offsetBytes + done) % pageBytes;
      const length = Math.min(pageBytes - inPage, data.length - done);
      const page = this.#pageAt(Math.floor((offsetBytes + done) / pageBytes));
      page.set(data.subarray(done, done + length), inPage);
      done += length;
    }
  }

  /** @inheritdoc */
  writeZeroes(offsetBytes: number, lengthBytes: number): void {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const end = offsetBytes + lengthBytes;
    for (const number of this.#heldPages(offsetBytes, end)) {
      const pageStart = number * pageBytes;
      this.#zeroPage(
        number,
        Math.max(offsetBytes - pageStart, 0),
        Math.min(end - pageStart, pageBytes),
      );
    }
  }

  /** @inheritdoc */
  trim(offsetBytes: number, lengthBytes: number): void {
    this.writeZeroes(offsetBytes, lengthBytes);
  }

  /** Does nothing: there is no place more stable. */
  flush(): void {}

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const list = new ExtentList();
    for (const number of this.#heldPages(offsetBytes, offsetBytes + lengthBytes)) {
      const from = Math.max(number * pageBytes - offsetBytes, 0);
      list.add(from - list.coveredBytes, true);
      list.add(Math.min((number + 1) * pageBytes - offsetBytes, lengthBytes) - from, false);
    }
    list.add(lengthBytes - list.coveredBytes, true);
    return list.extents;
  }

  /** Gives all memory back. */
  async close(): Promise<void> {
    this.#pages.clear();
  }

  // Numbers of the pages held inside a span, in order; costs the smaller of the span's pages and all that are held.
  #heldPages(start: number, end: number): readonly number[] {
    const first = Math.floor(start / pageBytes);
    const last = Math.ceil(end / pageBytes);
    if (last - first > this.#pages.size) {
      const inside = [...this.#pages.keys()].filter((number) => number >= first && number < last);
      return inside.sort((left, right) => left - right);
    }
    const held: number[] = [];
    for (let number = first; number < last; number += 1)
      if (this.#pages.has(number)) held.push(number);
    return held;
  }

  #pageAt(number: number): Buffer {
    const page = this.#pages.get(number);
    if (page !== undefined) return page;
    const fresh = Buffer.alloc(pageBytes);
    this.#pages.set(number, fresh);
    return fresh;
  }

  #zeroPage(number: number, from: number, to: number): void {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    page.fill(0, from, to);
    if (to - from === pageBytes || isAllZero(page)) this.#pages.delete(number);
  }
}
