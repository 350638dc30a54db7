/**
 * Every size, count and time that bounds outside data, queues and caches, with unit and reason.
 * Sizes that are part of the format (they can never change for old data) stand first.
 */

/** Smallest unit of change on a disk, bytes. Also the page size of the systems we protect. */
export const blockBytes: number = 4096;

/** Span of a disk that one timeline entry describes, bytes. */
export const regionBytes: number = 1024 * 1024;

/** Blocks in a region. */
export const regionBlocks: number = regionBytes / blockBytes;

/** Largest disk accepted, bytes: 1 PiB keeps region numbers in 32 bits and offsets far inside safe integers. */
export const diskBytesMax: number = 2 ** 50;

/** Longest machine or disk name, bytes of UTF-8. */
export const nameBytesMax: number = 128;

/** A segment is closed when it has grown to this size, bytes. */
export const segmentBytesTarget: number = 256 * 1024 * 1024;

/** A segment may overshoot its target by what was under way, but never reaches this size, bytes; offsets stay in 32 bits. */
export const segmentBytesMax: number = 1024 * 1024 * 1024;

/** Shortest chunk, blocks; a shorter one only ends a run. */
export const chunkBlocksMin: number = 2;

/** Longest chunk, blocks. */
export const chunkBlocksMax: number = 64;

/** Chunks are compressed together until a group holds this many bytes of plain data. */
export const groupBytesTarget: number = 128 * 1024;

/** Largest plain group, bytes: the target and one longest chunk. */
export const groupBytesMax: number = groupBytesTarget + chunkBlocksMax * blockBytes;

/** Largest commit record, bytes of plain encoding; larger changes are cut into several commits by the source. */
export const commitBytesMax: number = 64 * 1024 * 1024;
