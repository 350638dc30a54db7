import { readHeld } from '../read-held.ts';
import { ntfsDamage } from './damage.ts';
import { compressionUnitBytesMax } from './limits.ts';
import { decompressLznt1 } from './lznt1.ts';
import type { Stream } from './stream.ts';
import type { UnitSource } from './unit-content.ts';
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
export class CompressedSource implements UnitSource {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Length of a unit, bytes. */
  readonly unitBytes: number;
  readonly #volume: NtfsVolume;
  readonly #stream: Stream;

  /**
   * @param volume - where it lies; stays its owner's
   * @param stream - with compression units
   * @throws FILE_SYSTEM_DAMAGED when its units are too long to be true
   */
  constructor(volume: NtfsVolume, stream: Stream) {
    this.#volume = volume;
    this.#stream = stream;
    this.sizeBytes = stream.sizeBytes;
    this.unitBytes = stream.unitClusters * volume.geometry.clusterBytes;
    if (this.unitBytes <= compressionUnitBytesMax) return;
    throw ntfsDamage(stream.place, `its compression units would be ${this.unitBytes} bytes long`);
  }

  /** @inheritdoc */
  async load(number: number): Promise<Uint8Array> {
    const bytes = await this.#expand(number);
    const initialised = Math.max(this.#stream.initialisedBytes - number * this.unitBytes, 0);
    if (initialised < this.unitBytes) bytes.fill(0, initialised);
    return bytes;
  }

  /** @inheritdoc */
  isHole(number: number): boolean {
    if (number * this.unitBytes >= this.#stream.initialisedBytes) return true;
    return this.#plan(number).storedClusters === 0;
  }

  async #expand(number: number): Promise<Uint8Array> {
    const plan = this.#plan(number);
    const bytes = new Uint8Array(this.unitBytes);
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
      await readHeld(this.#volume.disk, part, volumeCluster * clusterBytes);
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
