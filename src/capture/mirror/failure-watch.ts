import type { Awaitable, DiskExtent, WritableDisk, WriteOptions } from '../../disk/disk.ts';

/**
 * Passes everything on, and tells when a change of the disk failed: QEMU lets go of a mirror then, and the guest goes on
 * without it.
 */
export class FailureWatch implements WritableDisk {
  /** As that of the disk below. */
  readonly sizeBytes: number;
  /** As that of the disk below. */
  readonly isFastToZero: boolean;
  readonly #disk: WritableDisk;
  readonly #failed: () => void;

  /**
   * @param disk - stays the caller's
   * @param failed - hears of failures
   */
  constructor(disk: WritableDisk, failed: () => void) {
    this.sizeBytes = disk.sizeBytes;
    this.isFastToZero = disk.isFastToZero ?? false;
    this.#disk = disk;
    this.#failed = failed;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    return this.#disk.read(target, offsetBytes);
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#disk.extents(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#watch(() => this.#disk.write(data, offsetBytes, options));
  }

  /** @inheritdoc */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    return this.#watch(() => this.#disk.writeZeroes(offsetBytes, lengthBytes, options));
  }

  /** @inheritdoc */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#watch(() => this.#disk.trim(offsetBytes, lengthBytes, options));
  }

  /** @inheritdoc */
  flush(): Awaitable<void> {
    return this.#watch(() => this.#disk.flush());
  }

  /** Does nothing: the disk is its owner's. */
  async close(): Promise<void> {
    return undefined;
  }

  #watch(change: () => Awaitable<void>): Awaitable<void> {
    try {
      const pending = change();
      return pending instanceof Promise
        ? pending.catch((error: unknown) => this.#fail(error))
        : pending;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    this.#failed();
    throw error;
  }
}
