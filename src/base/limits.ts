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

/** Static buffer that zeroes are written from and compared with, bytes. */
export const zeroPieceBytes: number = 1024 * 1024;

/** Largest disk request done in the caller's own turn, bytes: from the page cache it takes 10-30 µs, the thread pool 40-100. */
export const syncBytesMax: number = 256 * 1024;

/** A request in the caller's own turn that took longer sends the next ones to the thread pool, milliseconds. */
export const syncSlowMs: number = 0.25;

/** How long requests go to the thread pool after a slow one, milliseconds; doubles while trials are slow again. */
export const syncPauseMsMin: number = 10;

/** Longest pause between trials in the caller's own turn, milliseconds. */
export const syncPauseMsMax: number = 1280;

/** Questions a wrapper asks the disk below for one answer of extents; the rest is left to the next question. */
export const extentQuestionsMax: number = 256;

/** Longest text that is read as a time, characters; people write a few dozen at most. */
export const timeTextCharactersMax: number = 100;

/** Longest path of a Unix socket, bytes: what the kernel's sun_path holds before its closing zero. */
export const unixSocketPathBytesMax: number = 107;

/** Longest value in one field of a log line, characters; the rest is cut, so that no peer can fill our log. */
export const logValueCharactersMax: number = 4096;

/** Unit of the memory that captured blocks wait in, bytes: one region. */
export const slabBytes: number = regionBytes;

/** Memory that captured blocks may take until they are stored, bytes; beyond it they are spooled. */
export const captureMemoryBytesMax: number = 256 * 1024 * 1024;

/** Disk space that captured blocks may take until they are stored, bytes; beyond it only dirty regions are noted. */
export const spoolBytesMax: number = 4 * 1024 * 1024 * 1024;

/** Data of one commit of a tapped machine, bytes; more is cut into several commits. */
export const windowBytesMax: number = 32 * 1024 * 1024;

/** Runs of zeroes in one commit of a tapped disk. */
export const windowZeroRunsMax: number = 16_384;

/** Zeroed span in one commit of a tapped disk, bytes: every region of it costs an entry on the timeline. */
export const windowZeroBytesMax: number = 64 * 1024 * 1024 * 1024;

/** Commits that wait to be stored, for one machine; each costs memory even when it is small. */
export const cutQueueMax: number = 16_384;

/** Shortest wait before a failed append is tried again, milliseconds; it doubles up to the longest. */
export const appendRetryMsMin: number = 1_000;

/** Longest wait before a failed append is tried again, milliseconds. */
export const appendRetryMsMax: number = 10_000;

/** Extents that may stay marked in an intent map before the longest untouched are cleared: bounds what a crash costs. */
export const intentActiveAim: number = 1_024;

/** Attempts to write an intent map before the write that needs it fails. */
export const intentWriteAttemptsMax: number = 3;

/** Regions that one resync reads and compares at once. */
export const resyncRegionsMax: number = 4;

/** Regions that one scan reads and compares at once. */
export const scanRegionsMax: number = 8;

/** Changed data of one commit of a scan, bytes. */
export const scanCommitBytes: number = 32 * 1024 * 1024;

/** Commits of one scan that are being stored at once. */
export const scanAppendsMax: number = 2;
