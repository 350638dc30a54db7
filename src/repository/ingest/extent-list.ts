import { regionBlocks } from '../../base/limits.ts';
import { excludedStartBlock } from '../../format/commit-record.ts';

/** Blocks of a disk that now have new content: a chunk's, or zeroes. */
export interface StoredExtent {
  /** Number of the region. */
  readonly region: number;
  /** First block within the region, 0–255. */
  readonly startBlock: number;
  /** 1–256. */
  readonly blockCount: number;
  /** 0: zeroes, or excluded; else the chunk's position in the commit's list of names, from 1. */
  readonly chunk: number;
  /** Block of the chunk that holds the first one; see CommitExtent. */
  readonly chunkStartBlock: number;
}

/** A piece of a disk, and what it holds now. */
export interface DiskPiece {
  /** On the disk. */
  readonly firstBlock: number;
  /** 1 or more. */
  readonly blockCount: number;
  /** Position in the commit's list of names, 0 for zeroes. */
  readonly chunk: number;
  /** Whether it reads as zeroes because it was excluded. */
  readonly isExcluded?: true | undefined;
}

/**
 * Adds a piece of a disk, divided at the borders of regions.
 * @param extents - grow
 * @param piece - see DiskPiece
 */
export function addExtents(extents: StoredExtent[], piece: DiskPiece): void {
  const { firstBlock, blockCount, chunk, isExcluded } = piece;
  const startWithoutChunk = isExcluded === true ? excludedStartBlock : 0;
  let done = 0;
  while (done < blockCount) {
    const block = firstBlock + done;
    const startBlock = block % regionBlocks;
    const length = Math.min(blockCount - done, regionBlocks - startBlock);
    const chunkStartBlock = chunk === 0 ? startWithoutChunk : done;
    const region = Math.floor(block / regionBlocks);
    extents.push({ region, startBlock, blockCount: length, chunk, chunkStartBlock });
    done += length;
  }
}
