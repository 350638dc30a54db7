import type { Awaitable, DiskExtent, ReadableDisk, WritableDisk } from '../../disk/disk.ts';

/**
 * The image of a mirrored disk, as the backing of a tap. The guest's QEMU has written to it before we hear of a write, so
 * writing is nothing; reading asks QEMU, and fails while nobody can.
 */
export class MirroredBacking implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Nothing is as fast as not doing it. */
  readonly isFastToZero: boolean = true;
  readonly #source: () => Pick<ReadableDisk, 'read' | 'extents'>;

  /**
   * @param sizeBytes - size of the disk
   * @param source - gives the image as it can be read now; throws GUEST_UNREACHABLE while it cannot
   */
  constructor(sizeBytes: number, source: () => Pick<ReadableDisk, 'read' | 'extents'>) {
    this.sizeBytes = sizeBytes;
    this.#source = source;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    return this.#source().read(target, offsetBytes);
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#source().extents(offsetBytes, lengthBytes);
  }

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
