import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import type { RegionMap } from './region-map.ts';

/** Pages of regions looked at for one answer; the caller asks again for the rest. */
const pagesPerAnswer = 4;

/**
 * Tells data, holes and what was excluded in a part of a view.
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
        const kind = extents.isExcluded(index) ? 'excluded' : 'data';
        marks.add(start, start + extents.blockCount(index) * blockBytes, kind);
      }
    }
    if (nextRegion === undefined || nextRegion * regionBytes >= endBytes)
      return marks.finish(endBytes);
    fromRegion = nextRegion;
  }
  return marks.finish(fromRegion * regionBytes);
}

type Kind = 'hole' | 'data' | 'excluded';

class ExtentMarks {
  readonly #found: { lengthBytes: number; kind: Kind }[] = [];
  readonly #end: number;
  #at: number;

  constructor(start: number, end: number) {
    this.#at = start;
    this.#end = end;
  }

  add(start: number, end: number, kind: Kind): void {
    this.#advance(Math.min(start, this.#end), 'hole');
    this.#advance(Math.min(end, this.#end), kind);
  }

  /** @param knownTo - everything before it was looked at @returns what was found */
  finish(knownTo: number): DiskExtent[] {
    this.#advance(knownTo, 'hole');
    return this.#found.map(({ lengthBytes, kind }) =>
      kind === 'excluded'
        ? { lengthBytes, isHole: true, isExcluded: true }
        : { lengthBytes, isHole: kind === 'hole' },
    );
  }

  #advance(to: number, kind: Kind): void {
    if (to <= this.#at) return;
    const last = this.#found.at(-1);
    if (last?.kind === kind) last.lengthBytes += to - this.#at;
    else this.#found.push({ lengthBytes: to - this.#at, kind });
    this.#at = to;
  }
}
