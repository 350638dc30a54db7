import type { Awaitable, DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { ObservedBacking } from '../observed-backing.ts';

/**
 * The image of a mirrored disk, as the backing of a tap. The guest's QEMU has written to it before we hear of a write, so
 * writing is nothing; reading asks QEMU, and fails while nobody can.
 */
export class MirroredBacking extends ObservedBacking {
  /** Nothing is as fast as not doing it. */
  readonly isFastToZero: boolean = true;
  readonly #source: () => Pick<ReadableDisk, 'read' | 'extents'>;

  /**
   * @param sizeBytes - size of the disk
   * @param source - gives the image as it can be read now; throws GUEST_UNREACHABLE while it cannot
   */
  constructor(sizeBytes: number, source: () => Pick<ReadableDisk, 'read' | 'extents'>) {
    super(sizeBytes);
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
}
