import { regionBlocks } from '../../base/limits.ts';
import type { IndexedDisk } from './indexed-commit.ts';
import { RegionExtents, RegionExtentsBuilder } from './region-extents.ts';

/** Changes of a region. */
type ChangedRegion = IndexedDisk['regions'][number];

/**
 * Makes a disk read as zeroes where it has grown: what lay there before it was made smaller is gone.
 * @param regions - what the commit changes, ascending
 * @param firstBlock - first block of the disk that it did not have before
 * @param filled - regions that hold anything, from that of the first block on
 * @returns what changes then, ascending
 */
export function regionsOfGrownDisk(
  regions: readonly ChangedRegion[],
  firstBlock: number,
  filled: Iterable<number>,
): ChangedRegion[] {
  const changes = new Map(regions.map(({ region, extents }) => [region, extents]));
  for (const region of filled) {
    const startBlock = Math.max(0, firstBlock - region * regionBlocks);
    if (startBlock >= regionBlocks) continue;
    changes.set(region, withZeroes(changes.get(region) ?? RegionExtents.empty, startBlock));
  }
  const result = [...changes].map(([region, extents]) => ({ region, extents }));
  return result.sort((left, right) => left.region - right.region);
}

/** Every block from a start on that no change lists becomes zeroes. */
function withZeroes(changes: RegionExtents, startBlock: number): RegionExtents {
  const builder = new RegionExtentsBuilder();
  let block = startBlock;
  const zeroUntil = (end: number): void => {
    if (block < end) builder.add(block, end - block, 0, 0);
  };
  for (const { startBlock: start, blockCount, chunkNumber, chunkStartBlock } of changes.toArray()) {
    zeroUntil(start);
    builder.add(start, blockCount, chunkNumber, chunkStartBlock);
    block = Math.max(block, start + blockCount);
  }
  zeroUntil(regionBlocks);
  return builder.build();
}
