// Content that the WOF driver compressed ("compact.exe /exe", what Windows installs itself with): the unnamed stream is a hole of the right
// length, and the stream "WofCompressedData" holds where each chunk ends but the last, counted from behind this table in 32 bits (64 for
// content of 4 GiB and more), then the chunks. A chunk as long as its content is stored as it is.
import type { ReadableDisk } from '../../disk/disk.ts';
import { u32le, u64le } from '../integers.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { decompressLzx } from './lzx.ts';
import type { WofCompression } from './reparse-point.ts';
import type { UnitSource } from './unit-content.ts';
import { decompressXpress } from './xpress.ts';

/** Name of the stream that holds the compressed content. */
export const wofStreamName = 'WofCompressedData';

/** Content read and decompressed together, bytes; a whole number of chunks of any kind. */
const unitBytes = 128 * 1024;

const decompressors = { xpress: decompressXpress, lzx: decompressLzx } as const;

/** A file that the WOF driver compressed. */
export interface WofFile {
  /** The compressed stream. */
  readonly stored: ReadableDisk;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly compression: WofCompression;
  readonly place: Place;
}

/** Content that the WOF driver compressed. */
export class WofSource implements UnitSource {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Length of a unit, bytes: several chunks. */
  readonly unitBytes: number = unitBytes;
  readonly #file: WofFile;
  readonly #chunkCount: number;
  readonly #entryBytes: number;

  /** @param file - see WofFile */
  constructor(file: WofFile) {
    this.#file = file;
    this.sizeBytes = file.sizeBytes;
    this.#chunkCount = Math.ceil(file.sizeBytes / file.compression.chunkBytes);
    this.#entryBytes = file.sizeBytes >= 2 ** 32 ? 8 : 4;
  }

  /** @inheritdoc */
  isHole(): boolean {
    return false;
  }

  /**
   * @inheritdoc
   * @throws FILE_SYSTEM_DAMAGED when a chunk cannot be decompressed
   */
  async load(number: number): Promise<Uint8Array> {
    const { chunkBytes, algorithm } = this.#file.compression;
    const first = number * (unitBytes / chunkBytes);
    const end = Math.min(first + unitBytes / chunkBytes, this.#chunkCount);
    const borders = await this.#borders(first, end);
    const stored = await this.#stored(borders[0]!, borders.at(-1)!);
    const bytes = new Uint8Array(Math.min(unitBytes, this.sizeBytes - number * unitBytes));
    for (let chunk = 0; chunk < end - first; chunk += 1) {
      const target = bytes.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes);
      const start = borders[chunk]! - borders[0]!;
      const source = stored.subarray(start, borders[chunk + 1]! - borders[0]!);
      if (source.length === target.length) target.set(source);
      else if (!decompressors[algorithm](source, target)) throw this.#damage(first + chunk);
    }
    return bytes;
  }

  #damage(chunk: number): Error {
    return ntfsDamage(this.#file.place, `its compressed chunk ${chunk} cannot be decompressed`);
  }

  async #stored(start: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - start);
    await this.#file.stored.read(bytes, start);
    return bytes;
  }

  /** Where chunks begin in the stream, and where the last of them ends. */
  async #borders(first: number, end: number): Promise<readonly number[]> {
    const tableBytes = (this.#chunkCount - 1) * this.#entryBytes;
    const { stored } = this.#file;
    const from = Math.max(first - 1, 0);
    const to = Math.min(end, this.#chunkCount - 1);
    if (tableBytes > stored.sizeBytes) throw this.#damage(first);
    const table = await this.#stored(from * this.#entryBytes, to * this.#entryBytes);
    const borders = first === 0 ? [tableBytes] : [];
    for (let at = 0; at < table.length; at += this.#entryBytes) {
      borders.push(tableBytes + (this.#entryBytes === 8 ? u64le(table, at) : u32le(table, at)));
    }
    if (end === this.#chunkCount) borders.push(stored.sizeBytes);
    this.#checkBorders(borders, first);
    return borders;
  }

  // No chunk is longer stored than it is, so that what is read is no longer than a unit.
  #checkBorders(borders: readonly number[], first: number): void {
    for (let chunk = 0; chunk + 1 < borders.length; chunk += 1) {
      const length = borders[chunk + 1]! - borders[chunk]!;
      if (length < 0 || length > this.#file.compression.chunkBytes)
        throw this.#damage(first + chunk);
    }
    if (borders.at(-1)! > this.#file.stored.sizeBytes) throw this.#damage(first);
  }
}
