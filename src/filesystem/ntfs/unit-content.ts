import { strict as assert } from 'node:assert';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';

/** Content that can only be read unit by unit, because each of them is compressed. */
export interface UnitSource {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Length of every unit, bytes. */
  readonly unitBytes: number;
  /**
   * Reads one unit.
   * @param number - 0 for the first
   * @returns its bytes; the last unit may be shorter or longer than the content
   * @throws FILE_SYSTEM_DAMAGED
   */
  load(number: number): Promise<Uint8Array>;
  /**
   * Whether a unit reads as zeroes without being stored.
   * @param number - 0 for the first
   */
  isHole(number: number): boolean;
}

/** Units looked at for one answer of `extents`. */
const unitsMax = 4096;

/** Compressed content as a disk. */
export class UnitContent implements ReadableDisk {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #source: UnitSource;
  /** The unit read last, so that a reader of small pieces does not decompress it again for each. */
  #last: { readonly number: number; readonly bytes: Promise<Uint8Array> } | undefined;

  /** @param source - see UnitSource */
  constructor(source: UnitSource) {
    this.#source = source;
    this.sizeBytes = source.sizeBytes;
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    const { unitBytes } = this.#source;
    for (let done = 0; done < target.length; ) {
      const number = Math.floor((offsetBytes + done) / unitBytes);
      const bytes = await this.#unit(number);
      const skipBytes = offsetBytes + done - number * unitBytes;
      const part = bytes.subarray(skipBytes, skipBytes + target.length - done);
      assert(part.length > 0);
      target.set(part, done);
      done += part.length;
    }
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    const { unitBytes } = this.#source;
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    if (offsetBytes >= end) return [];
    const first = Math.floor(offsetBytes / unitBytes);
    const isHole = this.#source.isHole(first);
    let next = first + 1;
    while (
      next * unitBytes < end &&
      next - first < unitsMax &&
      this.#source.isHole(next) === isHole
    ) {
      next += 1;
    }
    return [{ lengthBytes: Math.min(next * unitBytes, end) - offsetBytes, isHole }];
  }

  /** Forgets the unit read last; what is below is its owner's. */
  async close(): Promise<void> {
    this.#last = undefined;
  }

  #unit(number: number): Promise<Uint8Array> {
    if (this.#last?.number === number) return this.#last.bytes;
    const last = { number, bytes: this.#source.load(number) };
    this.#last = last;
    // Whoever reads hears of the failure; the next one tries again.
    last.bytes.catch(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return last.bytes;
  }
}
