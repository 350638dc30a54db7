import { blockBytes } from '../base/limits.ts';
import { BlockBitmap } from '../disk/block-bitmap.ts';
import type { ByteSpan } from './disk-pieces.ts';

/** A set of blocks of one disk, with its totals; memory as BlockBitmap. */
export class BlockMarks {
  /** Size of the disk, bytes; its last block may be short. */
  readonly sizeBytes: number;
  readonly #bitmap = new BlockBitmap();

  /** @param sizeBytes - size of the disk, bytes */
  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /**
   * Marks every block that a span touches.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes; beyond the disk's end counts nothing
   */
  add(offsetBytes: number, lengthBytes: number): void {
    const endBytes = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    if (endBytes <= offsetBytes) return;
    this.#bitmap.add(Math.floor(offsetBytes / blockBytes), Math.ceil(endBytes / blockBytes));
  }

  /**
   * Finds how far blocks are alike: all marked, or all not.
   * @param offsetBytes - first byte of the run
   * @param endBytes - where to stop looking, bytes
   */
  runAt(offsetBytes: number, endBytes: number): { isMarked: boolean; endBytes: number } {
    const block = Math.floor(offsetBytes / blockBytes);
    const end = this.#bitmap.runEnd(block, Math.ceil(endBytes / blockBytes));
    return { isMarked: this.#bitmap.has(block), endBytes: Math.min(end * blockBytes, endBytes) };
  }

  /**
   * Runs of marked blocks, in order.
   * @param fromBytes - where to begin, bytes, a multiple of the block size
   */
  *spans(fromBytes = 0): Generator<ByteSpan> {
    const blockCount = Math.ceil(this.sizeBytes / blockBytes);
    for (let block = fromBytes / blockBytes; block < blockCount; ) {
      const end = this.#bitmap.runEnd(block, blockCount);
      if (this.#bitmap.has(block)) yield this.#span(block, end);
      block = end;
    }
  }

  /** Counts the runs and their bytes. */
  totals(): { readonly spanCount: number; readonly totalBytes: number } {
    let spanCount = 0;
    let totalBytes = 0;
    for (const span of this.spans()) {
      spanCount += 1;
      totalBytes += span.lengthBytes;
    }
    return { spanCount, totalBytes };
  }

  #span(block: number, end: number): ByteSpan {
    const offsetBytes = block * blockBytes;
    return { offsetBytes, lengthBytes: Math.min(end * blockBytes, this.sizeBytes) - offsetBytes };
  }
}
