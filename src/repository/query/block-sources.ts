import { regionBlocks } from '../../base/limits.ts';
import type { RegionExtents } from '../index-tables/region-extents.ts';

/**
 * Tells for each block of a region where it comes from, so that two regions can be compared block by block.
 * @param extents - of the region
 * @returns for each block one number that tells its chunk and the block in it; 0 for zeroes, 1 for excluded blocks
 */
export function blockSources(extents: RegionExtents): number[] {
  const sources = new Array<number>(regionBlocks).fill(0);
  for (let index = 0; index < extents.count; index++) {
    const first = extents.startBlock(index);
    const chunkNumber = extents.chunkNumber(index);
    const source = chunkNumber * 1024 + extents.chunkStartBlock(index);
    const step = chunkNumber === 0 ? 0 : 1;
    for (let block = 0; block < extents.blockCount(index); block++) {
      sources[first + block] = source + block * step;
    }
  }
  return sources;
}
