/** Limits of the ext reader, beside those all readers share (src/filesystem/limits.ts). */

/** Levels of an extent tree below the inode: 5 hold 2^32 blocks of 1 KiB. The kernel allows no more either. */
export const extentDepthMax = 5;

/** Levels of a directory's hash tree, with large_dir. */
export const hashTreeDepthMax = 3;

/** Group descriptors kept decoded: of 16 TiB; about 200 bytes each. */
export const descriptorsKeptMax = 131_072;

/** Names gathered by a walk before their inodes are read, in the order in which these lie: about 100 bytes of memory each. */
export const walkNamesMax = 65_536;

/** Files in one batch of a walk, a list or owners. */
export const batchMax = 2048;
/** Blocks of a journal that are looked at: 16 GiB of 4 KiB blocks. The largest mke2fs makes is 1 GiB, and 5 with fast commits. */
export const journalBlocksMax: number = 4 * 1024 * 1024;

/** Blocks that a journal may put in place of those of the volume, and as many revocations: about 100 bytes of memory each. */
export const replayedBlocksMax: number = 1024 * 1024;

/** Blocks of a volume up to which a check remembers which of them are claimed, one bit each: 4 TiB of 4 KiB blocks, 128 MiB of memory. */
export const blocksClaimedMax: number = 2 ** 30;
