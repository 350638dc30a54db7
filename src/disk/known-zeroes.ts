import { BlockBitmap } from './block-bitmap.ts';
import type { DiskExtent } from './disk.ts';
import { ExtentList } from './extent-list.ts';

const unitBytes = 4096;

/**
 * Which ranges of a file are known to be zeroes without being stored. Node cannot ask the file system for holes, but whoever
 * created a file knows that it began as one hole. The file must have no other writer.
 */
export class KnownZeroes {
  readonly #units = new BlockBitmap();

  /** @param zeroBytes - how much of the file's beginning is known to be zeroes, bytes: all of a new file, nothing of another */
  constructor(zeroBytes: number) {
    this.#units.add(0, Math.ceil(zeroBytes / unitBytes));
  }

  /**
   * Forgets a range that is about to be written.
   * @param offsetBytes - start, bytes
   * @param endBytes - end, bytes
   */
  remove(offsetBytes: number, endBytes: number): void {
    this.#units.remove(Math.floor(offsetBytes / unitBytes), Math.ceil(endBytes / unitBytes));
  }

  /**
   * Tells known zeroes from the rest.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - span, bytes
   */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    const list = new ExtentList();
    const endUnit = Math.ceil((offsetBytes + lengthBytes) / unitBytes);
    while (list.coveredBytes < lengthBytes) {
      const at = offsetBytes + list.coveredBytes;
      const unit = Math.floor(at / unitBytes);
      const runEndBytes = this.#units.runEnd(unit, endUnit) * unitBytes;
      list.add(Math.min(runEndBytes - at, lengthBytes - list.coveredBytes), this.#units.has(unit));
    }
    return list.extents;
  }
}
