import { type RegionExtents, RegionExtentsBuilder } from './region-extents.ts';

/**
 * Lays changed extents over earlier ones. Pure.
 * @param previous - the region before; not listed blocks are zeroes
 * @param changes - what changed, zeroes and excluded blocks too; blocks not listed stay as they were
 * @returns the region afterwards, without extents of zeroes
 */
export function applyChange(previous: RegionExtents, changes: RegionExtents): RegionExtents {
  const builder = new RegionExtentsBuilder();
  const walk: Walk = { extents: previous, index: 0, fromBlock: 0, builder };
  for (let index = 0; index < changes.count; index++) {
    copyUntil(walk, changes.startBlock(index));
    if (!changes.isZero(index)) {
      const start = changes.startBlock(index);
      const chunkNumber = changes.chunkNumber(index);
      builder.add(start, changes.blockCount(index), chunkNumber, changes.chunkStartBlock(index));
    }
    walk.fromBlock = changes.endBlock(index);
  }
  copyUntil(walk, 256);
  return builder.build();
}

interface Walk {
  readonly extents: RegionExtents;
  readonly builder: RegionExtentsBuilder;
  /** Next extent that is not copied whole. */
  index: number;
  /** Blocks before this are settled. */
  fromBlock: number;
}

/** Copies what the earlier extents say about the blocks from walk.fromBlock up to `endBlock`. */
function copyUntil(walk: Walk, endBlock: number): void {
  const { extents, builder } = walk;
  while (walk.index < extents.count) {
    const start = extents.startBlock(walk.index);
    const end = extents.endBlock(walk.index);
    if (start >= endBlock) return;
    const from = Math.max(start, walk.fromBlock);
    const to = Math.min(end, endBlock);
    if (from < to && !extents.isZero(walk.index)) {
      const chunkNumber = extents.chunkNumber(walk.index);
      const skipped = chunkNumber === 0 ? 0 : from - start;
      builder.add(from, to - from, chunkNumber, extents.chunkStartBlock(walk.index) + skipped);
    }
    if (end > endBlock) return;
    walk.index++;
  }
}
