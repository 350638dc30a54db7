import type { ReadableDisk } from '../../disk/disk.ts';
import { u32le } from '../integers.ts';
import { hiveCellBytesMax } from '../limits.ts';

/** Bytes of the head of a hive, in front of its cells; places within count from its end. */
const headBytes = 4096;

/** Cells of a registry hive, read one by one: a hive may be hundreds of megabytes, and little of it is asked for. */
export class HiveCells {
  readonly #file: ReadableDisk;

  /** @param file - content of the hive; stays the caller's to close */
  constructor(file: ReadableDisk) {
    this.#file = file;
  }

  /**
   * Place of the root key.
   *
   * | offset | size | field |
   * |---|---|---|
   * | 0 | 4 | "regf" |
   * | 36 | 4 | place of the root key |
   * @returns undefined when this is no hive
   */
  async root(): Promise<number | undefined> {
    const head = await this.#read(0, 512);
    if (head === undefined || String.fromCharCode(...head.subarray(0, 4)) !== 'regf')
      return undefined;
    return u32le(head, 36);
  }

  /**
   * Content of a cell: its length stands in front, negative while it is in use.
   * @param place - hostile
   * @param bytesMax - read no more than this
   * @returns undefined when no cell in use is there
   */
  async cell(place: number, bytesMax: number = hiveCellBytesMax): Promise<Uint8Array | undefined> {
    const start = headBytes + place;
    const length = await this.#read(start, 4);
    if (length === undefined) return undefined;
    const size = -(u32le(length, 0) | 0) - 4;
    return size <= 0 ? undefined : this.#read(start + 4, Math.min(size, bytesMax));
  }

  async #read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    if (offsetBytes + lengthBytes > this.#file.sizeBytes) return undefined;
    const bytes = new Uint8Array(lengthBytes);
    await this.#file.read(bytes, offsetBytes);
    return bytes;
  }
}
