import type { ReadableDisk } from '../../disk/disk.ts';
import type { Finding } from '../file-system.ts';
import type { Geometry } from './boot-sector.ts';
import { claimedClustersMax } from './limits.ts';

/** Bytes of the volume's bitmap compared at once. */
const pieceBytes = 1024 * 1024;

/** Which clusters files were seen to lie in: finds two files in one place, and differences from the bitmap of the volume. */
export class ClusterClaims {
  readonly #bits: Uint8Array;
  readonly #clusterCount: number;
  readonly #clusterBytes: number;

  /** @param geometry - of the volume; of a very large one only the beginning is looked at */
  constructor(geometry: Geometry) {
    this.#clusterCount = Math.min(geometry.clusterCount, claimedClustersMax);
    this.#clusterBytes = geometry.clusterBytes;
    this.#bits = new Uint8Array(Math.ceil(this.#clusterCount / 8));
  }

  /**
   * Claims a run. Ends at the first cluster claimed before, so that however often runs overlap, the work is bounded by the volume.
   * @param first - cluster, on the volume
   * @param count - clusters, inside the volume
   * @returns the first cluster that somebody else has, if any
   */
  claim(first: number, count: number): number | undefined {
    const end = Math.min(first + count, this.#clusterCount);
    for (let cluster = first; cluster < end; ) {
      const byte = Math.floor(cluster / 8);
      const isWhole = cluster % 8 === 0 && cluster + 8 <= end && this.#bits[byte] === 0;
      const mask = isWhole ? 0xff : 1 << (cluster % 8);
      if ((this.#bits[byte]! & mask) !== 0) return cluster;
      this.#bits[byte]! |= mask;
      cluster += isWhole ? 8 : 1;
    }
    return undefined;
  }

  /**
   * Compares with the bitmap of the volume.
   * @param bitmap - its content; stays its owner's
   */
  async *compare(bitmap: ReadableDisk): AsyncGenerator<Finding> {
    const unmarked = new Difference('belong to files and are marked free');
    const unclaimed = new Difference('are marked in use and belong to no file');
    const lengthBytes = Math.min(this.#bits.length, bitmap.sizeBytes);
    for (let at = 0; at < lengthBytes; at += pieceBytes) {
      const marked = new Uint8Array(Math.min(pieceBytes, lengthBytes - at));
      await bitmap.read(marked, at);
      for (const [index, marks] of marked.entries()) {
        const claims = this.#bits[at + index]!;
        if (marks === claims) continue;
        const inside = this.#insideMask(at + index);
        unmarked.add(at + index, claims & ~marks & inside);
        unclaimed.add(at + index, marks & ~claims & inside);
      }
    }
    yield* unmarked.findings(this.#clusterBytes);
    yield* unclaimed.findings(this.#clusterBytes);
  }

  /** The last byte may speak of clusters that the volume does not have. */
  #insideMask(byte: number): number {
    const rest = this.#clusterCount - byte * 8;
    return rest >= 8 ? 0xff : (1 << rest) - 1;
  }
}

/** Clusters in which the bitmap and the files differ in one way. */
class Difference {
  readonly #reason: string;
  #count = 0;
  #first = 0;

  constructor(reason: string) {
    this.#reason = reason;
  }

  add(byte: number, bits: number): void {
    for (let bit = 0; bit < 8; bit += 1) {
      if ((bits & (1 << bit)) === 0) continue;
      if (this.#count === 0) this.#first = byte * 8 + bit;
      this.#count += 1;
    }
  }

  *findings(clusterBytes: number): Generator<Finding> {
    if (this.#count === 0) return;
    yield {
      severity: 'note',
      structure: 'bitmap of the volume',
      offsetBytes: this.#first * clusterBytes,
      reason: `${this.#count} clusters ${this.#reason}, the first of them here`,
    };
  }
}
