import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { RegionMap } from './region-map.ts';

/**
 * Finds the first byte of a range whose content was excluded.
 * @param map - regions of the view
 * @param offsetBytes - start
 * @param lengthBytes - length
 * @returns its offset; undefined when everything is held
 * @throws DAMAGED when the index is
 */
export function firstExcludedIn(
  map: RegionMap,
  offsetBytes: number,
  lengthBytes: number,
): number | undefined {
  const endBytes = offsetBytes + lengthBytes;
  for (let at = offsetBytes; at < endBytes; ) {
    const region = Math.floor(at / regionBytes);
    const regionStart = region * regionBytes;
    const { extents } = map.region(region);
    const first = extents.indexAtOrAfter(Math.floor((at - regionStart) / blockBytes));
    for (let index = first; index < extents.count; index++) {
      const start = regionStart + extents.startBlock(index) * blockBytes;
      if (start >= endBytes) return undefined;
      if (extents.isExcluded(index)) return Math.max(start, at);
    }
    at = regionStart + regionBytes;
  }
  return undefined;
}
