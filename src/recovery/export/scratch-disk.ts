import { blockBytes } from '../../base/limits.ts';
import type { Awaitable, DiskExtent, WritableDisk, WriteOptions } from '../../disk/disk.ts';
import { assertInside } from '../../disk/range.ts';
import { RangeLock } from '../../disk/range-lock.ts';
import { BlockMarks } from '../block-marks.ts';
import type { BlockCipher } from './block-cipher.ts';

/**
 * Where an overlay keeps its changes: encrypted on the disk below, whose size is rounded up to whole blocks, and with marks
 * of the blocks it was given.
 */
export class ScratchDisk implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Zeroes need no encryption. */
  readonly isFastToZero: boolean;
  /** Blocks written or zeroed so far. */
  readonly marks: BlockMarks;
  readonly #below: WritableDisk;
  readonly #cipher: BlockCipher;
  readonly #lock = new RangeLock();

  /**
   * @param below - disk of scratchBytes(sizeBytes); closed with this one
   * @param sizeBytes - size to show, bytes
   * @param cipher - made for this disk alone
   */
  constructor(below: WritableDisk, sizeBytes: number, cipher: BlockCipher) {
    this.sizeBytes = sizeBytes;
    this.isFastToZero = below.isFastToZero ?? false;
    this.marks = new BlockMarks(sizeBytes);
    this.#below = below;
    this.#cipher = cipher;
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    if (target.length === 0) return;
    const span = spanOf(offsetBytes, target.length);
    if (span.lengthBytes === target.length) {
      await this.#readBlocks(target, span.offsetBytes);
      return;
    }
    const blocks = Buffer.allocUnsafe(span.lengthBytes);
    await this.#readBlocks(blocks, span.offsetBytes);
    target.set(blocks.subarray(span.skippedBytes, span.skippedBytes + target.length));
  }

  /** @inheritdoc */
  async write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Promise<void> {
    await this.#change(offsetBytes, data.length, async (span) => {
      const blocks = Buffer.allocUnsafe(span.lengthBytes);
      if (span.lengthBytes !== data.length) await this.#readEnds(blocks, span.offsetBytes);
      blocks.set(data, span.skippedBytes);
      this.#cipher.encrypt(blocks, span.offsetBytes / blockBytes, blocks);
      await this.#below.write(blocks, span.offsetBytes, options);
    });
  }

  /** @inheritdoc */
  async writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Promise<void> {
    const endBytes = offsetBytes + lengthBytes;
    const wholeStart = Math.ceil(offsetBytes / blockBytes) * blockBytes;
    const wholeEnd = Math.floor(endBytes / blockBytes) * blockBytes;
    if (wholeEnd <= wholeStart) {
      await this.write(Buffer.alloc(lengthBytes), offsetBytes, options);
      return;
    }
    if (wholeStart > offsetBytes) {
      await this.write(Buffer.alloc(wholeStart - offsetBytes), offsetBytes, options);
    }
    await this.#change(wholeStart, wholeEnd - wholeStart, async (span) => {
      await this.#below.writeZeroes(span.offsetBytes, span.lengthBytes, options);
    });
    if (endBytes > wholeEnd) await this.write(Buffer.alloc(endBytes - wholeEnd), wholeEnd, options);
  }

  /** @inheritdoc */
  async trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Promise<void> {
    await this.writeZeroes(offsetBytes, lengthBytes, { ...options, mayTrim: true });
  }

  /** @inheritdoc */
  flush(): Awaitable<void> {
    return this.#below.flush();
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    return this.#below.extents(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#below.close();
  }

  async #readBlocks(blocks: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#below.read(blocks, offsetBytes);
    this.#cipher.decrypt(blocks, offsetBytes / blockBytes);
  }

  /** Fills the first and last block, of which a write may cover only a part. */
  async #readEnds(blocks: Uint8Array, offsetBytes: number): Promise<void> {
    const lastAt = blocks.length - blockBytes;
    await this.#readBlocks(blocks.subarray(0, blockBytes), offsetBytes);
    if (lastAt > 0) await this.#readBlocks(blocks.subarray(lastAt), offsetBytes + lastAt);
  }

  /** Changes of the same block follow one another, so that each keeps what the others wrote beside it. */
  async #change(
    offsetBytes: number,
    lengthBytes: number,
    carryOut: (span: BlockSpan) => Promise<void>,
  ): Promise<void> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return;
    const span = spanOf(offsetBytes, lengthBytes);
    const first = span.offsetBytes / blockBytes;
    const release = await this.#lock.acquire(first, first + span.lengthBytes / blockBytes);
    try {
      await carryOut(span);
      this.marks.add(offsetBytes, lengthBytes);
    } finally {
      release();
    }
  }
}

/**
 * Size of the disk below a scratch disk.
 * @param sizeBytes - size to show, bytes
 * @returns bytes, whole blocks
 */
export function scratchBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes;
}

/** The whole blocks that some bytes lie in. */
interface BlockSpan {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Bytes of the first block before the first byte. */
  readonly skippedBytes: number;
}

function spanOf(offsetBytes: number, lengthBytes: number): BlockSpan {
  const skippedBytes = offsetBytes % blockBytes;
  return {
    offsetBytes: offsetBytes - skippedBytes,
    lengthBytes: Math.ceil((skippedBytes + lengthBytes) / blockBytes) * blockBytes,
    skippedBytes,
  };
}
