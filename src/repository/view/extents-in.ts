import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import type { RegionMap } from './region-map.ts';

/** Regions looked at for one answer; the caller asks again for the rest. */
const regionsPerAnswer = 1024;

/**
 * Tells data from holes in a part of a view.
 * @param map - regions of the view
 * @param offsetBytes - start
 * @param lengthBytes - 1 or more
 * @returns extents from the start on, at least one; neighbours differ in kind
 */
export function extentsIn(map: RegionMap, offsetBytes: number, lengthBytes: number): DiskExtent[] {
  const lastByte = Math.min(
    offsetBytes + lengthBytes,
    offsetBytes + regionsPerAnswer * regionBytes,
  );
  const marks = new ExtentMarks(offsetBytes, lastByte);
  const lastRegion = Math.floor((lastByte - 1) / regionBytes);
  for (let region = Math.floor(offsetBytes / regionBytes); region <= lastRegion; region++) {
    const { extents } = map.region(region);
    for (let index = 0; index < extents.count; index++) {
      const start = region * regionBytes + extents.startBlock(index) * blockBytes;
      marks.addData(start, start + extents.blockCount(index) * blockBytes);
    }
  }
  return marks.finish();
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

  finish(): DiskExtent[] {
    this.#advance(this.#end, true);
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
