import type { ReadableDisk } from '../../disk/disk.ts';
import type { ByteRange } from '../file-system.ts';
import { metadataPageBytes } from '../limits.ts';

/** Where the clusters that a bitmap speaks of lie. */
export interface BitmapScope {
  readonly heapStartBytes: number;
  readonly clusterBytes: number;
  readonly clusterCount: number;
}

/** Which clusters are in use: one bit for each, the lowest bit of the first byte for cluster 2. */
export class AllocationBitmap {
  readonly #content: ReadableDisk;
  readonly #scope: BitmapScope;

  /**
   * @param content - the bitmap as it lies on the volume, at least a bit for each cluster
   * @param scope - see BitmapScope
   * @source Microsoft exFAT specification, §7.1.5
   */
  constructor(content: ReadableDisk, scope: BitmapScope) {
    this.#content = content;
    this.#scope = scope;
  }

  /** Clusters in use, ascending, those that follow each other together. @throws FILE_SYSTEM_DAMAGED */
  async *used(): AsyncGenerator<ByteRange> {
    const { heapStartBytes, clusterBytes, clusterCount } = this.#scope;
    const bytes = Math.ceil(clusterCount / 8);
    for (let at = 0; at < bytes; at += metadataPageBytes) {
      const page = new Uint8Array(Math.min(metadataPageBytes, bytes - at));
      await this.#content.read(page, at);
      const count = Math.min(page.length * 8, clusterCount - at * 8);
      for (const [first, length] of runsOf(page, count)) {
        const offsetBytes = heapStartBytes + (at * 8 + first) * clusterBytes;
        yield { offsetBytes, lengthBytes: length * clusterBytes };
      }
    }
  }

  /** Bytes in clusters that are free. @throws FILE_SYSTEM_DAMAGED */
  async freeBytes(): Promise<number> {
    let usedBytes = 0;
    for await (const { lengthBytes } of this.used()) usedBytes += lengthBytes;
    return this.#scope.clusterCount * this.#scope.clusterBytes - usedBytes;
  }
}

/** Runs of bits that are set; whole bytes of one kind are passed over at once. */
function* runsOf(page: Uint8Array, count: number): Generator<readonly [number, number]> {
  let start = -1;
  for (let bit = 0; bit < count; bit += 1) {
    const byte = page[bit >> 3]!;
    const isWhole = (bit & 7) === 0 && bit + 8 <= count;
    if (isWhole && ((byte === 0 && start < 0) || (byte === 0xff && start >= 0))) {
      bit += 7;
      continue;
    }
    const isSet = (byte & (1 << (bit & 7))) !== 0;
    if (isSet && start < 0) start = bit;
    if (isSet || start < 0) continue;
    yield [start, bit - start];
    start = -1;
  }
  if (start >= 0) yield [start, count - start];
}
