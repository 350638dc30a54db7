import type { DiskExtent } from '../../disk/disk.ts';
import { ObservedBacking } from '../observed-backing.ts';

/** How the content of a device in use is read. */
export interface DeviceReader {
  /**
   * Waits as KernelSession.settle does.
   * @param offsetBytes - start of the range
   * @param lengthBytes - its length
   * @throws CAPTURE_UNAVAILABLE
   */
  settle(offsetBytes: number, lengthBytes: number): Promise<void>;
  /**
   * Reads past the page cache, which knows nothing of what a mounted file system writes.
   * @param target - filled whole
   * @param offsetBytes - where to begin
   * @throws CAPTURE_UNAVAILABLE, IO_FAILED
   */
  read(target: Uint8Array, offsetBytes: number): Promise<void>;
}

/**
 * A device that others write to, as the backing of a tap: writing is nothing, since it was done already.
 *
 * Invariant of a read: every change that it may show was told before it ends, or had ended before it began. So whoever watches
 * a range from before a read until after it knows which blocks of it can be trusted.
 */
export class LiveBacking extends ObservedBacking {
  readonly #reader: DeviceReader;

  /**
   * @param sizeBytes - of the device
   * @param reader - reads it
   */
  constructor(sizeBytes: number, reader: DeviceReader) {
    super(sizeBytes);
    this.#reader = reader;
  }

  /** @inheritdoc */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#reader.settle(offsetBytes, target.length);
    await this.#reader.read(target, offsetBytes);
    await this.#reader.settle(offsetBytes, 0);
  }

  /** Devices do not tell their holes. @inheritdoc */
  extents(_offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    return lengthBytes === 0 ? [] : [{ lengthBytes, isHole: false }];
  }
}
