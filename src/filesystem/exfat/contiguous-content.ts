import type { ContentMap, ContentRun } from '../mapped-content.ts';

/** Content that lies in one piece. */
export class ContiguousContent implements ContentMap {
  readonly sizeBytes: number;
  readonly #offsetBytes: number;

  /**
   * @param offsetBytes - where it lies on the volume
   * @param sizeBytes - its length
   */
  constructor(offsetBytes: number, sizeBytes: number) {
    this.#offsetBytes = offsetBytes;
    this.sizeBytes = sizeBytes;
  }

  /** @inheritdoc */
  runAt(): ContentRun {
    return { startBytes: 0, lengthBytes: this.sizeBytes, volumeOffsetBytes: this.#offsetBytes };
  }
}
