import assert from 'node:assert/strict';
import type { DiskExtent, ReadableDisk } from '../../src/disk/disk.ts';

/** Reads that one case may make: what a sound image needs, a hundred times. A loop that reads is found by this, whoever else keeps the machine busy. */
const readsMax = 200_000;
const readBytesMax = 2 ** 30;

/** An image in memory that is broken, read, and put right again without copying it. */
export class BreakableImage implements ReadableDisk {
  /** Everything; changed by `write` only. */
  readonly bytes: Buffer;
  readonly #undo: { readonly at: number; readonly was: Buffer }[] = [];
  #reads = 0;
  #readBytes = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Size of the image, bytes. */
  get sizeBytes(): number {
    return this.bytes.length;
  }

  /** Changes bytes until `restore`; what would lie beyond the end is left out. */
  write(at: number, data: Uint8Array): void {
    const now = data.subarray(0, this.bytes.length - at);
    this.#undo.push({ at, was: Buffer.from(this.bytes.subarray(at, at + now.length)) });
    this.bytes.set(now, at);
  }

  /** Where it was changed, bytes, in the order of the changes. */
  changes(): readonly number[] {
    return this.#undo.map(({ at }) => at);
  }

  /** Makes it sound again. */
  restore(): void {
    for (const { at, was } of this.#undo.splice(0).toReversed()) this.bytes.set(was, at);
    this.#reads = 0;
    this.#readBytes = 0;
  }

  /** See ReadableDisk. */
  read(target: Uint8Array, offsetBytes: number): void {
    const end = offsetBytes + target.length;
    assert(offsetBytes >= 0 && end <= this.bytes.length, `reads inside: ${offsetBytes} to ${end}`);
    this.#reads += 1;
    this.#readBytes += target.length;
    assert(this.#reads <= readsMax, 'it reads and reads');
    assert(this.#readBytes <= readBytesMax, 'it reads more than there is');
    target.set(this.bytes.subarray(offsetBytes, end));
  }

  /** See ReadableDisk. */
  extents(_: number, lengthBytes: number): readonly DiskExtent[] {
    return [{ lengthBytes, isHole: false }];
  }

  /** See ReadableDisk. */
  async close(): Promise<void> {}
}
