import { type Random, seededRandom } from '../../src/base/random.ts';
import type { DiskExtent, WritableDisk } from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';

const blockBytes = 4096;

/**
 * A disk with a cache that a power loss empties: of what was written since the last flush, any blocks may be kept and any
 * lost. It can be told to lose power at the k-th change or flush.
 */
export class VolatileDisk implements WritableDisk {
  readonly sizeBytes: number;
  /** Changes and flushes so far. */
  operationCount = 0;
  readonly #stable: MemoryDisk;
  readonly #cached: MemoryDisk;
  readonly #unflushed = new Set<number>();
  readonly #powerLossAt: number;

  constructor(content: Buffer, powerLossAt: number = Infinity) {
    this.sizeBytes = content.length;
    this.#stable = new MemoryDisk(content.length);
    this.#cached = new MemoryDisk(content.length);
    this.#stable.write(content, 0);
    this.#cached.write(content, 0);
    this.#powerLossAt = powerLossAt;
  }

  read(target: Uint8Array, offsetBytes: number): void {
    this.#cached.read(target, offsetBytes);
  }

  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    return this.#cached.extents(offsetBytes, lengthBytes);
  }

  async write(data: Uint8Array, offsetBytes: number): Promise<void> {
    this.#step();
    this.#cached.write(data, offsetBytes);
    this.#note(offsetBytes, data.length);
  }

  async writeZeroes(offsetBytes: number, lengthBytes: number): Promise<void> {
    this.#step();
    this.#cached.writeZeroes(offsetBytes, lengthBytes);
    this.#note(offsetBytes, lengthBytes);
  }

  async trim(offsetBytes: number, lengthBytes: number): Promise<void> {
    await this.writeZeroes(offsetBytes, lengthBytes);
  }

  async flush(): Promise<void> {
    this.#step();
    for (const block of this.#unflushed) this.#settle(block);
    this.#unflushed.clear();
  }

  async close(): Promise<void> {
    await Promise.all([this.#stable.close(), this.#cached.close()]);
  }

  /** What is found after a power loss: some of the unflushed blocks, chosen by the seed. */
  afterPowerLoss(seed: number): Buffer {
    const random: Random = seededRandom(seed);
    for (const block of this.#unflushed) if (random.uint32() % 2 === 0) this.#settle(block);
    const content = Buffer.alloc(this.sizeBytes);
    this.#stable.read(content, 0);
    return content;
  }

  #step(): void {
    this.operationCount += 1;
    if (this.operationCount >= this.#powerLossAt) throw new Error('power loss');
  }

  #note(offsetBytes: number, lengthBytes: number): void {
    const end = Math.ceil((offsetBytes + lengthBytes) / blockBytes);
    for (let block = Math.floor(offsetBytes / blockBytes); block < end; block++) {
      this.#unflushed.add(block);
    }
  }

  #settle(block: number): void {
    const at = block * blockBytes;
    const content = Buffer.alloc(Math.min(blockBytes, this.sizeBytes - at));
    this.#cached.read(content, at);
    this.#stable.write(content, at);
  }
}
