import { strict as assert } from 'node:assert';
import type { Awaitable, DiskExtent, ReadableDisk } from '../disk/disk.ts';
import { readHeld } from './read-held.ts';

/** Where a span of a file's content lies. */
export interface ContentRun {
  /** Start in the file, bytes. */
  readonly startBytes: number;
  /** Length, bytes, more than 0. */
  readonly lengthBytes: number;
  /** Where it lies on the volume, bytes; undefined for what reads as zeroes: a hole, or space that was never written. */
  readonly volumeOffsetBytes?: number | undefined;
}

/** Where the content of one file lies, asked piece by piece, so that a hostile map costs only what is read. */
export interface ContentMap {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /**
   * The run in which a byte lies.
   * @param offsetBytes - 0 ≤ offset < sizeBytes
   * @returns a run that holds the offset; it may reach behind the end of the content
   * @throws FILE_SYSTEM_DAMAGED
   */
  runAt(offsetBytes: number): Awaitable<ContentRun>;
}

/** Most holes and pieces of data told in one answer of `extents`. */
const extentsMax = 1024;

/** Content of a file that lies on its volume as it is: neither compressed nor encrypted. */
export class MappedContent implements ReadableDisk {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #volume: ReadableDisk;
  readonly #map: ContentMap;

  /**
   * @param volume - what is read; stays its owner's to close
   * @param map - where the content lies
   */
  constructor(volume: ReadableDisk, map: ContentMap) {
    this.#volume = volume;
    this.#map = map;
    this.sizeBytes = map.sizeBytes;
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    for (let done = 0; done < target.length; ) {
      const { skipBytes, run, restBytes } = await this.#at(offsetBytes + done);
      const part = target.subarray(done, done + restBytes);
      if (run.volumeOffsetBytes === undefined) part.fill(0);
      else await readHeld(this.#volume, part, run.volumeOffsetBytes + skipBytes);
      done += part.length;
    }
  }

  /** @inheritdoc */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    const found: { lengthBytes: number; isHole: boolean }[] = [];
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    for (let at = offsetBytes; at < end && found.length < extentsMax; ) {
      const { run, restBytes } = await this.#at(at);
      const length = Math.min(restBytes, end - at);
      const isHole = run.volumeOffsetBytes === undefined;
      const last = found.at(-1);
      if (last?.isHole === isHole) last.lengthBytes += length;
      else found.push({ lengthBytes: length, isHole });
      at += length;
    }
    return found;
  }

  /** @inheritdoc */
  async prefetch(offsetBytes: number, lengthBytes: number): Promise<void> {
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    for (let at = offsetBytes, runs = 0; at < end && runs < extentsMax; runs += 1) {
      const { skipBytes, run, restBytes } = await this.#at(at);
      const length = Math.min(restBytes, end - at);
      if (run.volumeOffsetBytes !== undefined) {
        await this.#volume.prefetch?.(run.volumeOffsetBytes + skipBytes, length);
      }
      at += length;
    }
  }

  /** Does nothing: the volume is its owner's. */
  async close(): Promise<void> {}

  async #at(
    offsetBytes: number,
  ): Promise<{ run: ContentRun; skipBytes: number; restBytes: number }> {
    const run = await this.#map.runAt(offsetBytes);
    const skipBytes = offsetBytes - run.startBytes;
    assert(skipBytes >= 0 && skipBytes < run.lengthBytes);
    return { run, skipBytes, restBytes: run.lengthBytes - skipBytes };
  }
}
