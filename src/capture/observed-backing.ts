import type { Awaitable, DiskExtent, WritableDisk } from '../disk/disk.ts';

/** The backing of a disk whose writes are heard of only when they were made already, by somebody else: writing is nothing. */
export abstract class ObservedBacking implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;

  /** @param sizeBytes - size of the disk */
  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
  }

  /** @inheritdoc */
  abstract read(target: Uint8Array, offsetBytes: number): Awaitable<void>;

  /** @inheritdoc */
  abstract extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]>;

  /** @inheritdoc */
  write(): void {
    return undefined;
  }

  /** @inheritdoc */
  writeZeroes(): void {
    return undefined;
  }

  /** @inheritdoc */
  trim(): void {
    return undefined;
  }

  /** @inheritdoc */
  flush(): void {
    return undefined;
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    return undefined;
  }
}
