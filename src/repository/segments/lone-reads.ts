import { loneReadBytes, loneReadsMax } from '../../base/limits.ts';
import type { WantedGroup } from '../../pipeline/open-pages.ts';
import type { StorageReader } from '../../storage/storage.ts';

/** Reads groups that are wanted one by one, many at once, without occupying the threads that open them. */
export class LoneReads {
  readonly #free: Buffer<SharedArrayBuffer>[] = [];
  readonly #line: ((memory: Buffer<SharedArrayBuffer>) => void)[] = [];
  #made = 0;

  /**
   * Reads a group's entry, or most of it.
   * @param reader - of its segment
   * @param group - what is wanted
   * @param open - opens the group from what was read, in memory that is lent until it ends
   * @throws IO_FAILED, and what `open` throws
   */
  async read<T>(
    reader: StorageReader,
    group: WantedGroup,
    open: (group: WantedGroup) => Promise<T>,
  ): Promise<T> {
    const memory = await this.#take();
    try {
      const got = await reader.read(memory, group.offsetBytes);
      return await open({ ...group, sealed: memory.subarray(0, got) });
    } finally {
      this.#give(memory);
    }
  }

  async #take(): Promise<Buffer<SharedArrayBuffer>> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made < loneReadsMax) {
      this.#made += 1;
      return Buffer.from(new SharedArrayBuffer(loneReadBytes));
    }
    return new Promise((resolve) => {
      this.#line.push(resolve);
    });
  }

  #give(memory: Buffer<SharedArrayBuffer>): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free.push(memory);
    else next(memory);
  }
}
