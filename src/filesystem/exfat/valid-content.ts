import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { ContentMap, ContentRun } from '../mapped-content.ts';

/** Content of which only the beginning was ever written: the rest has its clusters, and reads as zeroes. */
export class ValidContent implements ContentMap {
  readonly sizeBytes: number;
  readonly #map: ContentMap;
  readonly #validBytes: number;

  /**
   * @param map - where the whole content lies
   * @param validBytes - how much of it was written, at most its size
   */
  constructor(map: ContentMap, validBytes: number) {
    this.#map = map;
    this.sizeBytes = map.sizeBytes;
    this.#validBytes = validBytes;
  }

  /** @inheritdoc */
  runAt(offsetBytes: number): Awaitable<ContentRun> {
    if (offsetBytes >= this.#validBytes) {
      const lengthBytes = this.sizeBytes - this.#validBytes;
      return { startBytes: this.#validBytes, lengthBytes };
    }
    return andThen(this.#map.runAt(offsetBytes), (run) => {
      const lengthBytes = Math.min(run.lengthBytes, this.#validBytes - run.startBytes);
      return { ...run, lengthBytes };
    });
  }
}
