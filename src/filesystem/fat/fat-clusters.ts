import type { ByteRange } from '../file-system.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { FatGeometry } from './boot-sector.ts';
import { entryIn } from './fat-table.ts';

/** Entries looked at at once: whole bytes of each width. */
const entriesAtOnce = 8192;

/** Some entries of one copy of the table. */
interface TablePiece {
  /** Cluster of the first entry. */
  readonly firstCluster: number;
  readonly entryCount: number;
  readonly bytes: Uint8Array;
}

/** Looks at a whole table, piece by piece. */
export class FatClusters {
  readonly #cache: VolumeCache;
  readonly #geometry: FatGeometry;

  /**
   * @param cache - the volume
   * @param geometry - its layout
   */
  constructor(cache: VolumeCache, geometry: FatGeometry) {
    this.#cache = cache;
    this.#geometry = geometry;
  }

  /** Clusters that are in use, in ascending order, those that follow each other together. */
  async *used(): AsyncGenerator<ByteRange> {
    const { clusterBytes, dataStartBytes } = this.#geometry;
    for await (const piece of this.#pieces(this.#geometry.activeTable)) {
      for (const [first, count] of usedRuns(piece, this.#geometry.entryBits)) {
        const offsetBytes = dataStartBytes + (first - 2) * clusterBytes;
        yield { offsetBytes, lengthBytes: count * clusterBytes };
      }
    }
  }

  /** Clusters that are free. @throws FILE_SYSTEM_DAMAGED when the table is not on the volume */
  async freeCount(): Promise<number> {
    let usedBytes = 0;
    for await (const { lengthBytes } of this.used()) usedBytes += lengthBytes;
    return this.#geometry.clusterCount - usedBytes / this.#geometry.clusterBytes;
  }

  /**
   * Compares a copy of the table with the one in force.
   * @param copy - its number
   * @returns the first clusters of pieces that differ
   */
  async *differences(copy: number): AsyncGenerator<number> {
    const others = this.#pieces(copy);
    for await (const piece of this.#pieces(this.#geometry.activeTable)) {
      const other = await others.next();
      if (other.done === true) return;
      if (Buffer.compare(piece.bytes, other.value.bytes) !== 0) yield piece.firstCluster;
    }
  }

  async *#pieces(copy: number): AsyncGenerator<TablePiece> {
    const { tableBytesStart, tableLengthBytes, clusterCount, entryBits } = this.#geometry;
    const start = tableBytesStart + copy * tableLengthBytes;
    const end = clusterCount + 2;
    for (let firstCluster = 0; firstCluster < end; firstCluster += entriesAtOnce) {
      const entryCount = Math.min(entriesAtOnce, end - firstCluster);
      const offsetBytes = start + (firstCluster * entryBits) / 8;
      const lengthBytes = Math.ceil((entryCount * entryBits) / 8);
      const structure = `file allocation table ${copy + 1}`;
      const bytes = await this.#cache.bytes({ offsetBytes, lengthBytes, structure });
      yield { firstCluster, entryCount, bytes };
    }
  }
}

/** Runs of entries that are not free; the first two entries belong to no cluster. */
function* usedRuns(piece: TablePiece, bits: number): Generator<readonly [number, number]> {
  let runStart = -1;
  for (let index = piece.firstCluster === 0 ? 2 : 0; index < piece.entryCount; index += 1) {
    const isUsed = entryIn(piece.bytes, Math.floor((index * bits) / 8), bits, index) !== 0;
    if (isUsed && runStart < 0) runStart = index;
    if (isUsed || runStart < 0) continue;
    yield [piece.firstCluster + runStart, index - runStart];
    runStart = -1;
  }
  if (runStart >= 0) yield [piece.firstCluster + runStart, piece.entryCount - runStart];
}
