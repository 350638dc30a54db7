import { blockBytes } from '../../src/base/limits.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { isAllZero } from '../../src/disk/zeroes.ts';

/** A disk whose unflushed blocks may or may not survive a power loss, each on its own. It outlives its capture. */
export class LossyDisk extends MemoryDisk {
  /** Ranges that were read, bytes. */
  readonly reads: { readonly offsetBytes: number; readonly lengthBytes: number }[] = [];
  /** Makes the next write fail after half of it was written. */
  tearsNext = false;
  readonly #stable: Buffer;
  readonly #unflushed = new Set<number>();

  constructor(content: Buffer) {
    super(content.length);
    this.#stable = Buffer.from(content);
    const pieceBytes = 65_536;
    for (let at = 0; at < content.length; at += pieceBytes) {
      const piece = content.subarray(at, at + pieceBytes);
      if (!isAllZero(piece)) super.write(piece, at);
    }
  }

  override read(target: Uint8Array, offsetBytes: number): void {
    this.reads.push({ offsetBytes, lengthBytes: target.length });
    super.read(target, offsetBytes);
  }

  /** Shows the test what the disk holds. @param target - as large as the disk */
  peek(target: Uint8Array): void {
    super.read(target, 0);
  }

  override write(data: Uint8Array, offsetBytes: number): void {
    if (this.tearsNext) {
      this.tearsNext = false;
      super.write(data.subarray(0, data.length / 2), offsetBytes);
      throw new Error('planned fault: torn');
    }
    super.write(data, offsetBytes);
    this.#note(offsetBytes, data.length);
  }

  override writeZeroes(offsetBytes: number, lengthBytes: number): void {
    super.writeZeroes(offsetBytes, lengthBytes);
    this.#note(offsetBytes, lengthBytes);
  }

  override flush(): void {
    for (const block of this.#unflushed) {
      const start = block * blockBytes;
      super.read(this.#stable.subarray(start, start + blockBytes), start);
    }
    this.#unflushed.clear();
  }

  override async close(): Promise<void> {
    this.flush();
  }

  /** What a kill leaves: everything that was written. */
  afterKill(): LossyDisk {
    const content = Buffer.alloc(this.sizeBytes);
    super.read(content, 0);
    return new LossyDisk(content);
  }

  /** What a power loss leaves. @param survives - asked for every block that was not flushed */
  afterPowerLoss(survives: () => boolean): LossyDisk {
    const content = Buffer.from(this.#stable);
    for (const block of this.#unflushed) {
      const start = block * blockBytes;
      if (survives()) super.read(content.subarray(start, start + blockBytes), start);
    }
    return new LossyDisk(content);
  }

  #note(offsetBytes: number, lengthBytes: number): void {
    const end = Math.ceil((offsetBytes + lengthBytes) / blockBytes);
    for (let block = Math.floor(offsetBytes / blockBytes); block < end; block++) {
      this.#unflushed.add(block);
    }
  }
}
