import { blockBytes, regionBytes } from '../../base/limits.ts';
import type { ChunkPlace } from '../index-tables/place-table.ts';
import type { MappedRegion, RegionMap } from './region-map.ts';

/** Bytes of a read that come from one chunk. */
export interface ReadPiece {
  readonly place: ChunkPlace;
  /** Where they lie in the chunk, bytes. */
  readonly chunkOffsetBytes: number;
  /** Where they go in the target, bytes. */
  readonly targetOffsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Plans a read: which bytes come from which chunks. What no piece covers is zeroes, or was excluded.
 * @param map - regions of the view
 * @param offsetBytes - on the disk
 * @param lengthBytes - 1 or more
 */
export function planRead(map: RegionMap, offsetBytes: number, lengthBytes: number): ReadPiece[] {
  const pieces: ReadPiece[] = [];
  const endBytes = offsetBytes + lengthBytes;
  let at = offsetBytes;
  while (at < endBytes) {
    const region = Math.floor(at / regionBytes);
    const regionEnd = Math.min(endBytes, (region + 1) * regionBytes);
    const mapped = map.region(region);
    const span = { startBytes: at, endBytes: regionEnd, regionStart: region * regionBytes };
    for (const piece of piecesIn(map, mapped, span)) {
      pieces.push({ ...piece, targetOffsetBytes: piece.targetOffsetBytes + at - offsetBytes });
    }
    at = regionEnd;
  }
  return pieces;
}

interface Span {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly regionStart: number;
}

/** Pieces of one region; their target offsets count from the span's start. */
function piecesIn(map: RegionMap, mapped: MappedRegion, span: Span): ReadPiece[] {
  const { extents } = mapped;
  const pieces: ReadPiece[] = [];
  for (let index = firstExtent(mapped, span); index < extents.count; index++) {
    const extentStart = span.regionStart + extents.startBlock(index) * blockBytes;
    if (extentStart >= span.endBytes) break;
    if (extents.isExcluded(index)) continue;
    const extentEnd = extentStart + extents.blockCount(index) * blockBytes;
    const from = Math.max(extentStart, span.startBytes);
    pieces.push({
      place: map.place(mapped, index),
      chunkOffsetBytes: extents.chunkStartBlock(index) * blockBytes + from - extentStart,
      targetOffsetBytes: from - span.startBytes,
      lengthBytes: Math.min(extentEnd, span.endBytes) - from,
    });
  }
  return pieces;
}

/** Binary search for the first extent that ends behind the span's start. */
function firstExtent(mapped: MappedRegion, span: Span): number {
  const block = Math.floor((span.startBytes - span.regionStart) / blockBytes);
  let low = 0;
  let high = mapped.extents.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (mapped.extents.endBlock(middle) <= block) low = middle + 1;
    else high = middle;
  }
  return low;
}
