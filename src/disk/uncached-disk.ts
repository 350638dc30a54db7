import assert from 'node:assert/strict';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fromSystemError } from '../base/errors.ts';
import { blockBytes, recoveryLanesMax, recoveryPieceBytes } from '../base/limits.ts';
import type { DiskExtent, ReadableDisk } from './disk.ts';
import { readWhole } from './positional-io.ts';

/** The part of the language's own WebAssembly that is used here; its types come only with those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (shape: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
};

/** Bytes of a read that begins and ends inside blocks: a block more on each side. */
const slotBytes = recoveryPieceBytes + 2 * blockBytes;
const pageBytes = 65_536;

/**
 * A file or device read past the page cache (O_DIRECT), so that what is compared comes from the disk and not from memory.
 * Such reads need memory aligned to blocks, which only WebAssembly memory is sure to be.
 */
export class UncachedDisk implements ReadableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #slots: Uint8Array[];

  private constructor(handle: FileHandle, file: string, sizeBytes: number) {
    this.#handle = handle;
    this.#file = file;
    this.sizeBytes = sizeBytes;
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((slotBytes * recoveryLanesMax) / pageBytes),
    });
    this.#slots = Array.from(
      { length: recoveryLanesMax },
      (_, index) => new Uint8Array(memory.buffer, index * slotBytes, slotBytes),
    );
  }

  /**
   * Opens a file past the page cache.
   * @param file - path
   * @param sizeBytes - how much of it is the disk, bytes
   * @returns the disk, or undefined where the file system cannot do that
   * @throws IO_FAILED
   */
  static async open(file: string, sizeBytes: number): Promise<UncachedDisk | undefined> {
    try {
      const handle = await open(file, constants.O_RDONLY | constants.O_DIRECT);
      return new UncachedDisk(handle, file, sizeBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
      throw fromSystemError(error, 'Opening', file);
    }
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED
   */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    const slot = this.#slots.pop();
    assert(slot !== undefined, 'more reads at once than lanes');
    assert(target.length <= recoveryPieceBytes, 'a read is longer than a piece');
    const skippedBytes = offsetBytes % blockBytes;
    try {
      const start = offsetBytes - skippedBytes;
      const length = Math.ceil((skippedBytes + target.length) / blockBytes) * blockBytes;
      await this.#fill(slot.subarray(0, length), start, skippedBytes + target.length);
      target.set(slot.subarray(skippedBytes, skippedBytes + target.length));
    } finally {
      this.#slots.push(slot);
    }
  }

  /** @inheritdoc */
  extents(_offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    return lengthBytes === 0 ? [] : [{ lengthBytes, isHole: false }];
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** The end of the file cuts the last block short; anything beyond a short read is left to one that reports why. */
  async #fill(slot: Uint8Array, position: number, neededBytes: number): Promise<void> {
    const file = this.#file;
    try {
      const { bytesRead } = await this.#handle.read(slot, 0, slot.length, position);
      if (bytesRead >= neededBytes) return;
      await readWhole(slot.subarray(0, neededBytes), { fd: this.#handle.fd, position, file });
    } catch (error) {
      throw fromSystemError(error, 'Reading', file);
    }
  }
}
