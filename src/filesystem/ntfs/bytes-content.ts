import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';

/** Content that is in memory already: it lay in the file record. */
export class BytesContent implements ReadableDisk {
  /** Length, bytes. */
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  /** @param bytes - the content; borrowed, not to change any more */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): void {
    target.set(this.#bytes.subarray(offsetBytes, offsetBytes + target.length));
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    const restBytes = Math.min(lengthBytes, this.sizeBytes - offsetBytes);
    return restBytes > 0 ? [{ lengthBytes: restBytes, isHole: false }] : [];
  }

  /** Does nothing: there is nothing to release. */
  async close(): Promise<void> {}
}
