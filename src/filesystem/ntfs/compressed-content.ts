import { strict as assert } from 'node:assert';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { ntfsDamage } from './damage.ts';
import { compressionUnitBytesMax } from './limits.ts';
import { decompressLznt1 } from './lznt1.ts';
import type { Stream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** One compression unit of a stream: which of its clusters lie on the volume. */
interface Unit {
  /** Runs of clusters on the volume, in order. */
  readonly runs: readonly { readonly volumeCluster: number; readonly clusterCount: number }[];
  readonly storedClusters: number;
}

/**
 * Content that NTFS compressed. It is cut into units of usually 16 clusters: a unit that is all there is stored as it is, one of
 * which nothing is there reads as zeroes, and anything between is compressed.
 */
export class CompressedContent implements ReadableDisk {
  /** Length, bytes. */
  readonly sizeBytes: number;
  readonly #volume: NtfsVolume;
  readonly #stream: Stream;
  readonly #unitBytes: number;
  /** The unit read last, so that a reader of small pieces does not decompress it again for each. */
  #last: { readonly number: number; readonly bytes: Promise<Uint8Array> } | undefined;

  /**
   * @param volume - where it lies; stays its owner's
   * @param stream - with compression units
   * @throws FILE_SYSTEM_DAMAGED when its units are too long to be true
   */
  constructor(volume: NtfsVolume, stream: Stream) {
    this.#volume = volume;
    this.#stream = stream;
    this.sizeBytes = stream.sizeBytes;
    this.#unitBytes = stream.unitClusters * volume.geometry.clusterBytes;
    if (this.#unitBytes <= compressionUnitBytesMax) return;
    throw ntfsDamage(stream.place, `its compression units would be ${this.#unitBytes} bytes long`);
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    for (let done = 0; done < target.length; ) {
      const at = offsetBytes + done;
      const number = Math.floor(at / this.#unitBytes);
      const bytes = await this.#unit(number);
      const skipBytes = at - number * this.#unitBytes;
      const part = bytes.subarray(skipBytes, skipBytes + target.length - done);
      target.set(part, done);
      done += part.length;
    }
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    const isHole = this.#isHole(offsetBytes);
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    let at = this.#nextUnit(offsetBytes);
    while (at < end && this.#isHole(at) === isHole) at = this.#nextUnit(at);
    return [{ lengthBytes: Math.min(at, end) - offsetBytes, isHole }];
  }

  /** Forgets the unit read last; the volume is its owner's. */
  async close(): Promise<void> {
    this.#last = undefined;
  }

  #nextUnit(offsetBytes: number): number {
    return (Math.floor(offsetBytes / this.#unitBytes) + 1) * this.#unitBytes;
  }

  #isHole(offsetBytes: number): boolean {
    if (offsetBytes >= this.#stream.initialisedBytes) return true;
    return this.#plan(Math.floor(offsetBytes / this.#unitBytes)).storedClusters === 0;
  }

  #unit(number: number): Promise<Uint8Array> {
    if (this.#last?.number === number) return this.#last.bytes;
    const bytes = this.#load(number);
    this.#last = { number, bytes };
    bytes.catch(() => {
      this.#last = undefined;
    });
    return bytes;
  }

  async #load(number: number): Promise<Uint8Array> {
    const bytes = await this.#expand(number);
    const initialised = Math.max(this.#stream.initialisedBytes - number * this.#unitBytes, 0);
    if (initialised < this.#unitBytes) bytes.fill(0, initialised);
    return bytes;
  }

  async #expand(number: number): Promise<Uint8Array> {
    const plan = this.#plan(number);
    const bytes = new Uint8Array(this.#unitBytes);
    if (plan.storedClusters === 0) return bytes;
    const stored = await this.#stored(plan);
    if (stored.length === bytes.length) return stored;
    if (decompressLznt1(stored, bytes)) return bytes;
    const offsetBytes = plan.runs[0]!.volumeCluster * this.#volume.geometry.clusterBytes;
    const structure = `${this.#stream.place.structure}, compression unit ${number}`;
    throw ntfsDamage({ structure, offsetBytes }, 'it cannot be decompressed');
  }

  async #stored(plan: Unit): Promise<Uint8Array> {
    const { clusterBytes } = this.#volume.geometry;
    const stored = new Uint8Array(plan.storedClusters * clusterBytes);
    let done = 0;
    for (const { volumeCluster, clusterCount } of plan.runs) {
      const part = stored.subarray(done, done + clusterCount * clusterBytes);
      await this.#volume.disk.read(part, volumeCluster * clusterBytes);
      done += part.length;
    }
    return stored;
  }

  #plan(number: number): Unit {
    const runs: { volumeCluster: number; clusterCount: number }[] = [];
    const list = this.#stream.runs;
    const end = Math.min((number + 1) * this.#stream.unitClusters, list.endCluster);
    let storedClusters = 0;
    for (let at = number * this.#stream.unitClusters; at < end; ) {
      const run = list.find(at);
      const skip = at - run.startCluster;
      const clusterCount = Math.min(run.clusterCount - skip, end - at);
      if (run.volumeCluster !== undefined) {
        runs.push({ volumeCluster: run.volumeCluster + skip, clusterCount });
        storedClusters += clusterCount;
      }
      at += clusterCount;
    }
    return { runs, storedClusters };
  }
}
