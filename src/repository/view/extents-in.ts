import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import type { RegionMap } from './region-map.ts';

/** Pages of regions looked at for one answer; the caller asks again for the rest. */
const pagesPerAnswer = 4;

/**
 * Tells data from holes in a part of a view.
 * @param map - regions of the view
 * @param offsetBytes - start
 * @param lengthBytes - 1 or more
 * @returns extents from the start on, at least one; neighbours differ in kind
 */
export function extentsIn(map: RegionMap, offsetBytes: number, lengthBytes: number): DiskExtent[] {
  const endBytes = offsetBytes + lengthBytes;
  const marks = new ExtentMarks(offsetBytes, endBytes);
  let fromRegion = Math.floor(offsetBytes / regionBytes);
  for (let page = 0; page < pagesPerAnswer; page++) {
    const { regions, nextRegion } = map.existing(fromRegion);
    for (const { region, extents } of regions) {
      for (let index = 0; index < extents.count; index++) {
        const start = region * regionBytes + extents.startBlock(index) * blockBytes;
        marks.addData(start, start + extents.blockCount(index) * blockBytes);
      }
    }
    if (nextRegion === undefined || nextRegion * regionBytes >= endBytes)
      return marks.finish(endBytes);
    fromRegion = nextRegion;
  }
  return marks.finish(fromRegion * regionBytes);
}

class ExtentMarks {
  readonly #found: { lengthBytes: number; isHole: boolean }[] = [];
  readonly #end: number;
  #at: number;

  constructor(start: number, end: number) {
    this.#at = start;
    this.#end = end;
  }

  addData(start: number, end: number): void {
    this.#advance(Math.min(start, this.#end), true);
    this.#advance(Math.min(end, this.#end), false);
  }

  /** @param knownTo - everything before it was looked at @returns what was found */
  finish(knownTo: number): DiskExtent[] {
    this.#advance(knownTo, true);
    return this.#found;
  }

  #advance(to: number, isHole: boolean): void {
    if (to <= this.#at) return;
    const last = this.#found.at(-1);
    if (last?.isHole === isHole) last.lengthBytes += to - this.#at;
    else this.#found.push({ lengthBytes: to - this.#at, isHole });
    this.#at = to;
  }
}
