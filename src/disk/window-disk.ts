import type { Awaitable, DiskExtent, ReadableDisk, WritableDisk, WriteOptions } from './disk.ts';
import { assertInside } from './range.ts';

/** Which bytes of a disk a window shows. */
export interface WindowSpan {
  /** Where the window begins, bytes of the disk below. */
  readonly offsetBytes: number;
  /** Size of the window, bytes. */
  readonly sizeBytes: number;
}

/** A byte range of another disk, such as a partition, as a disk of its own. The disk below stays its owner's to close. */
export class ReadableWindow implements ReadableDisk {
  /** Size of the window, bytes. */
  readonly sizeBytes: number;
  readonly #below: ReadableDisk;
  readonly #startBytes: number;

  /**
   * @param below - disk to look into
   * @param span - part to show, inside the disk
   */
  constructor(below: ReadableDisk, span: WindowSpan) {
    assertInside(below.sizeBytes, span.offsetBytes, span.sizeBytes);
    this.#below = below;
    this.#startBytes = span.offsetBytes;
    this.sizeBytes = span.sizeBytes;
  }

  /**
   * Where a byte of the window lies below.
   * @param offsetBytes - start, bytes of the window
   * @param lengthBytes - span, asserted to be inside
   */
  protected below(offsetBytes: number, lengthBytes: number): number {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    return this.#startBytes + offsetBytes;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    return this.#below.read(target, this.below(offsetBytes, target.length));
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#below.extents(this.below(offsetBytes, lengthBytes), lengthBytes);
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return this.#below.prefetch?.(this.below(offsetBytes, lengthBytes), lengthBytes);
  }

  /** @inheritdoc */
  firstExcluded(offsetBytes: number, lengthBytes: number): number | undefined {
    const found = this.#below.firstExcluded?.(this.below(offsetBytes, lengthBytes), lengthBytes);
    return found === undefined ? undefined : found - this.#startBytes;
  }

  /** Does nothing: the disk below is its owner's. */
  async close(): Promise<void> {}
}

/** A writable byte range of another disk. */
export class WritableWindow extends ReadableWindow implements WritableDisk {
  /** As the disk below. */
  readonly isFastToZero: boolean;
  readonly #writable: WritableDisk;

  /**
   * @param below - disk to write into
   * @param span - part to show, inside the disk
   */
  constructor(below: WritableDisk, span: WindowSpan) {
    super(below, span);
    this.#writable = below;
    this.isFastToZero = below.isFastToZero ?? false;
  }

  /** @inheritdoc */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#writable.write(data, this.below(offsetBytes, data.length), options);
  }

  /** @inheritdoc */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    const start = this.below(offsetBytes, lengthBytes);
    return this.#writable.writeZeroes(start, lengthBytes, options);
  }

  /** @inheritdoc */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#writable.trim(this.below(offsetBytes, lengthBytes), lengthBytes, options);
  }

  /** @inheritdoc */
  flush(): Awaitable<void> {
    return this.#writable.flush();
  }
}
