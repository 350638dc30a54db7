import type { FileHandle } from 'node:fs/promises';
import { zeroPieceBytes } from '../base/limits.ts';
import type { DiskExtent } from './disk.ts';
import { KnownZeroes } from './known-zeroes.ts';
import { readWhole, writeWhole } from './positional-io.ts';
import { isAllZero, zeroesOf } from './zeroes.ts';

/** The file whose ranges are zeroed. */
export interface ZeroableFile {
  /** Open file. */
  readonly handle: FileHandle;
  /** Name for errors. */
  readonly file: string;
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Whether it is a device: then holes do not exist, and looking for zeroes saves nothing. */
  readonly isDevice: boolean;
  /** Whether it was just made, so that all of it is one hole. */
  readonly isNew: boolean;
}

/**
 * Zeroes ranges of a file. Node can neither punch holes nor discard, so zeroes are written; but where they are known to be
 * there already nothing is done, and where a regular file may stay sparse, zeroes are looked for before they are written.
 */
export class FileZeroing {
  readonly #file: ZeroableFile;
  readonly #known: KnownZeroes;

  /** @param file - stays open as long as this is used */
  constructor(file: ZeroableFile) {
    this.#file = file;
    this.#known = new KnownZeroes(file.isNew ? file.sizeBytes : 0);
  }

  /**
   * Forgets zeroes that are about to be overwritten.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   */
  willWrite(offsetBytes: number, lengthBytes: number): void {
    this.#known.remove(offsetBytes, offsetBytes + lengthBytes);
  }

  /**
   * Known zeroes as holes, everything else as data.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - span, bytes
   */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    return this.#known.extents(offsetBytes, lengthBytes);
  }

  /**
   * Makes a range read as zeroes.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @param mayTrim - whether holes may stay holes
   * @returns nothing when there is nothing to do, else what ends with the work
   */
  zero(offsetBytes: number, lengthBytes: number, mayTrim: boolean): Promise<void> | undefined {
    if (!mayTrim) {
      this.willWrite(offsetBytes, lengthBytes);
      return this.#write(offsetBytes, lengthBytes, false);
    }
    const extents = this.extents(offsetBytes, lengthBytes);
    if (extents.every((extent) => extent.isHole)) return undefined;
    return this.#zeroData(offsetBytes, extents);
  }

  async #zeroData(offsetBytes: number, extents: readonly DiskExtent[]): Promise<void> {
    let at = offsetBytes;
    for (const extent of extents) {
      if (!extent.isHole) await this.#write(at, extent.lengthBytes, !this.#file.isDevice);
      at += extent.lengthBytes;
    }
  }

  async #write(offsetBytes: number, lengthBytes: number, looksFirst: boolean): Promise<void> {
    const found = looksFirst
      ? Buffer.allocUnsafe(Math.min(lengthBytes, zeroPieceBytes))
      : undefined;
    for (let done = 0; done < lengthBytes; done += zeroPieceBytes) {
      const length = Math.min(lengthBytes - done, zeroPieceBytes);
      const position = offsetBytes + done;
      const place = { fd: this.#file.handle.fd, position, file: this.#file.file };
      if (found !== undefined) {
        const piece = found.subarray(0, length);
        await readWhole(piece, place);
        if (isAllZero(piece)) continue;
      }
      await writeWhole(zeroesOf(length), place);
    }
  }
}
