import { regionBytes } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import type { ExpectedStore } from './analysis-result.ts';

/** A chunk in a commit: its name, which does not compress, and an extent of 8 bytes, which does. */
const commitBytesPerChunk = chunkNameBytes + 4;

/** A stored chunk in the footer of its segment: its name and length; a quarter of a group's entry. */
const footerBytesPerChunk = chunkNameBytes + 4;

/** A stored chunk in the indexes, two tables together; measured on a fresh store of 61,000 chunks (10.2 MB in all). */
const indexBytesPerChunk = 160;

/** A chunk's extent in the timeline. */
const indexBytesPerExtent = 3;

/** A region's key and row in the timeline. */
const indexBytesPerRegion = 40;

/** What was counted. */
export interface StoreContent {
  /** Bytes of sealed groups. */
  readonly dataBytes: number;
  /** Chunks, every occurrence counted. */
  readonly chunkCount: number;
  /** Different chunks. */
  readonly uniqueChunkCount: number;
  /** All images together, bytes. */
  readonly logicalBytes: number;
}

/**
 * Says how large a store becomes that takes one full image of each disk.
 * @param content - see StoreContent
 */
export function expectedStore(content: StoreContent): ExpectedStore {
  const { dataBytes, chunkCount, uniqueChunkCount, logicalBytes } = content;
  const regions = Math.ceil(logicalBytes / regionBytes);
  const recordBytes = chunkCount * commitBytesPerChunk + uniqueChunkCount * footerBytesPerChunk;
  const indexBytes =
    uniqueChunkCount * indexBytesPerChunk +
    chunkCount * indexBytesPerExtent +
    regions * indexBytesPerRegion;
  return { dataBytes, recordBytes, indexBytes, totalBytes: dataBytes + recordBytes + indexBytes };
}
