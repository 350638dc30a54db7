import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { RegionExtents } from '../index-tables/region-extents.ts';
import type { ByteRange } from '../repository.ts';
import { blockSources } from './block-sources.ts';
import type { FoundMoment } from './moments.ts';

const regionsPerPage = 1024;

/**
 * Compares a disk at two moments, by what the timeline says.
 * @param tables - the indexes
 * @param from - earlier moment
 * @param to - later moment of the same disk
 * @returns ranges whose blocks come from other chunks, ascending, neighbours joined
 */
export async function* changedRanges(
  tables: IndexTables,
  from: FoundMoment,
  to: FoundMoment,
): AsyncGenerator<ByteRange> {
  const disk = to.disk.diskNumber;
  const window = { disk, fromMicros: from.timeMicros, toMicros: to.timeMicros };
  const joiner = new RangeJoiner(to.sizeBytes);
  let fromRegion: number | undefined = 0;
  while (fromRegion !== undefined) {
    const page = await tables.changes.changedRegions({
      ...window,
      fromRegion,
      limit: regionsPerPage,
    });
    for (const region of page.regions) {
      const before = tables.timeline.regionAt(disk, region, from.timeMicros);
      const after = tables.timeline.regionAt(disk, region, to.timeMicros);
      yield* joiner.add(region * regionBytes, differingBlocks(before, after));
    }
    fromRegion = page.nextRegion;
  }
  yield* joiner.finish();
}

function differingBlocks(before: RegionExtents, after: RegionExtents): boolean[] {
  const left = blockSources(before);
  const right = blockSources(after);
  return left.map((source, block) => source !== right[block]);
}

/** Joins ranges that touch, also over the borders of regions. */
class RangeJoiner {
  readonly #sizeBytes: number;
  #start = -1;
  #end = -1;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  *add(regionStart: number, differs: readonly boolean[]): Generator<ByteRange> {
    for (const [block, isDifferent] of differs.entries()) {
      if (!isDifferent) continue;
      const start = regionStart + block * blockBytes;
      if (start === this.#end) {
        this.#end += blockBytes;
        continue;
      }
      yield* this.finish();
      this.#start = start;
      this.#end = start + blockBytes;
    }
  }

  *finish(): Generator<ByteRange> {
    const end = Math.min(this.#end, this.#sizeBytes);
    if (end > this.#start && this.#start >= 0) {
      yield { offsetBytes: this.#start, lengthBytes: end - this.#start };
    }
    this.#start = -1;
    this.#end = -1;
  }
}
