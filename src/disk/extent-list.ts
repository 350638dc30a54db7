import type { DiskExtent } from './disk.ts';

/** Gathers extents in order, joining neighbours of one kind. */
export class ExtentList {
  readonly #extents: DiskExtent[] = [];
  #coveredBytes = 0;

  /** Sum of the lengths, bytes. */
  get coveredBytes(): number {
    return this.#coveredBytes;
  }

  /** What was gathered. */
  get extents(): readonly DiskExtent[] {
    return this.#extents;
  }

  /**
   * Adds a run at the end.
   * @param lengthBytes - bytes; 0 adds nothing
   * @param isHole - see DiskExtent
   */
  add(lengthBytes: number, isHole: boolean): void {
    if (lengthBytes === 0) return;
    this.#coveredBytes += lengthBytes;
    const last = this.#extents.at(-1);
    if (last?.isHole === isHole) {
      this.#extents[this.#extents.length - 1] = {
        lengthBytes: last.lengthBytes + lengthBytes,
        isHole,
      };
    } else {
      this.#extents.push({ lengthBytes, isHole });
    }
  }

  /**
   * Adds another answer at the end.
   * @param extents - in order
   */
  addAll(extents: readonly DiskExtent[]): void {
    for (const extent of extents) this.add(extent.lengthBytes, extent.isHole);
  }
}
