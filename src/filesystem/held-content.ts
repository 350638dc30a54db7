import { strict as assert } from 'node:assert';
import type { DiskExtent, ReadableDisk } from '../disk/disk.ts';

/** Content of a file so small that its file system keeps it among the metadata. */
export class HeldContent implements ReadableDisk {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  /** @param bytes - the content; kept, and not to be changed any more */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.length;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): void {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    target.set(this.#bytes.subarray(offsetBytes, offsetBytes + target.length));
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    const rest = Math.min(lengthBytes, this.sizeBytes - offsetBytes);
    return rest > 0 ? [{ lengthBytes: rest, isHole: false }] : [];
  }

  /** Does nothing: there is nothing to release. */
  async close(): Promise<void> {}
}
