import type { Awaitable } from '../../disk/disk.ts';

/** Where a run of a file's blocks lies. */
export interface BlockRun {
  /** First block of the file. */
  readonly start: number;
  /** Blocks, more than 0; Infinity for a hole that nothing follows. */
  readonly blockCount: number;
  /** First block of the volume; undefined for a hole. */
  readonly block?: number | undefined;
  /** Whether a run that is no hole was written to; it reads as zeroes where not. */
  readonly isWritten: boolean;
}

/** A run of blocks that belongs to a file. */
export interface OwnedBlocks {
  /** First block of the volume. */
  readonly block: number;
  readonly blockCount: number;
  /** Whether it is part of the map itself, rather than of the content. */
  readonly isMap: boolean;
}

/** Where the blocks of a file lie. */
export interface BlockMap {
  /**
   * The run in which a block of the file lies.
   * @param fileBlock - 0 or more
   * @throws FILE_SYSTEM_DAMAGED
   */
  runAt(fileBlock: number): Awaitable<BlockRun>;
  /**
   * Every block that belongs to the file, content and map, in batches.
   * @throws FILE_SYSTEM_DAMAGED
   */
  owned(): AsyncIterable<readonly OwnedBlocks[]>;
}
