import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';
import { decodeName } from '../name-text.ts';
import { uuidText } from '../uuid-text.ts';
import { type FeatureMasks, incompatible, kindOf, readOnlyCompatible } from './features.ts';

/**
 * The superblock, 1024 bytes at byte 1024 of the volume, copies at the start of some groups. Little-endian; the fields a reader
 * needs:
 *
 *   offset size field
 *     0x00    4 inodes, all groups together
 *     0x04    4 blocks, low half                     0x150  4 high half
 *     0x0c    4 free blocks, low half                0x158  4 high half
 *     0x14    4 first block that belongs to a group: 1 where blocks are 1 KiB, else 0
 *     0x18    4 block size, as power of two above 1 KiB
 *     0x1c    4 cluster size, likewise
 *     0x20    4 blocks in a group
 *     0x24    4 clusters in a group
 *     0x28    4 inodes in a group
 *     0x38    2 magic 0xef53
 *     0x3a    2 state: 1 cleanly unmounted, 2 errors were seen
 *     0x4c    4 revision; before 1 nothing from 0x54 on is there
 *     0x54    4 first inode that is not reserved
 *     0x58    2 inode size
 *     0x5a    2 group this copy lies in
 *     0x5c   12 features: compatible, incompatible, read-only compatible
 *     0x68   16 UUID
 *     0x78   16 label
 *     0xce    2 blocks behind the descriptors, reserved for more of them
 *     0xe0    4 inode of the journal
 *     0xe4    4 device of an external journal
 *     0xe8    4 first inode of the list of orphans
 *     0xec   16 seed of directory hashes
 *     0xfe    2 size of a group descriptor, where blocks have 64 bits
 *    0x104    4 first meta group
 *    0x160    4 flags: 1 directory hashes are signed, 2 unsigned
 *    0x174    1 groups of a flexible group, as power of two
 *    0x175    1 kind of checksum: 1 is CRC-32C
 *    0x194    4 errors seen
 *    0x24c    8 the two groups with a copy, where sparse_super2 is used
 *    0x270    4 seed of checksums, where it does not follow from the UUID
 *    0x280    4 inode of the orphan file
 *    0x3fc    4 CRC-32C of all before it
 * @source kernel: fs/ext4/ext4.h, struct ext4_super_block; Documentation/filesystems/ext4/super.rst
 */
export interface ExtSuperblock extends FeatureMasks {
  /** Which of its names the file system goes by. */
  readonly kind: 'ext2' | 'ext3' | 'ext4';
  /** Name that people gave it; empty when none. */
  readonly label: string;
  /** As people write it. */
  readonly uuid: string;
  /** 16 bytes; a copy. */
  readonly uuidBytes: Uint8Array;
  readonly blockBytes: number;
  /** Blocks, whether the volume has them or not. */
  readonly blockCount: number;
  readonly freeBlockCount: number;
  /** Block at which group 0 begins. */
  readonly firstBlock: number;
  /** Blocks of every group but the last. */
  readonly blocksPerGroup: number;
  /** Blocks that one bit of a block bitmap stands for, 1 without clusters. */
  readonly blocksPerCluster: number;
  readonly groupCount: number;
  readonly inodeCount: number;
  /** Inodes of every group. */
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  /** Blocks of the inode table of a group. */
  readonly inodeTableBlocks: number;
  readonly descriptorBytes: number;
  /** Blocks behind each copy of the descriptors. */
  readonly reservedDescriptorBlocks: number;
  /** Block of descriptors from which on each lies in its own meta group. */
  readonly firstMetaGroup: number;
  /** Groups with a copy of the superblock under sparse_super2. */
  readonly backupGroups: readonly number[];
  /** Group that this copy lies in. */
  readonly ownGroup: number;
  /** State of the CRC-32C before any metadata. */
  readonly checksumSeed: number;
  readonly hasChecksums: boolean;
  /** Inode of the journal, 0 for none. */
  readonly journalInode: number;
  /** Device of an external journal, 0 for none. */
  readonly journalDevice: number;
  /** First inode on the list of orphans, 0 for none. */
  readonly firstOrphan: number;
  /** Inode of the orphan file, 0 for none. */
  readonly orphanFileInode: number;
  /** 4 words. */
  readonly hashSeed: readonly number[];
  /** Whether bytes above 127 count as positive in directory hashes. */
  readonly isHashUnsigned: boolean;
  /** Whether nothing was left to be done when it was last unmounted. */
  readonly wasUnmounted: boolean;
  readonly hasErrors: boolean;
  /** Whether Linux made it; what others made has other fields. */
  readonly isLinux: boolean;
}

/** Size of the superblock, bytes. */
export const superblockBytes = 1024;

/** Where the first superblock lies on the volume, bytes. */
export const superblockOffsetBytes = 1024;

const magic = 0xef53;
const checksumAt = 0x3fc;

/**
 * Whether bytes have the mark of a superblock.
 * @param bytes - at least 1024, beginning where the superblock would; borrowed
 */
export function isSuperblock(bytes: Uint8Array): boolean {
  return bytes.length >= superblockBytes && u16le(bytes, 0x38) === magic;
}

/**
 * What is wrong with a superblock's bytes, looked at before they are decoded.
 * @param bytes - 1024 bytes; borrowed
 * @returns the reason as the end of a sentence; undefined when nothing is
 */
export function superblockFault(bytes: Uint8Array): string | undefined {
  if (!isSuperblock(bytes)) return 'it has no magic number';
  const hasChecksum = (u32le(bytes, 0x64) & readOnlyCompatible.hasMetadataChecksums) !== 0;
  if (hasChecksum && u32le(bytes, checksumAt) !== crc32c(~0, bytes.subarray(0, checksumAt))) {
    return 'its checksum does not fit';
  }
  if (u32le(bytes, 0x18) > 6) return 'its block size is impossible';
  return geometryFault(decodeSuperblock(bytes), bytes);
}

/**
 * Decodes a superblock.
 * @param bytes - 1024 bytes in which `superblockFault` found nothing; borrowed
 */
export function decodeSuperblock(bytes: Uint8Array): ExtSuperblock {
  const masks = masksOf(bytes);
  const geometry = geometryOf(bytes, masks);
  const hasChecksums = (masks.readOnlyCompatible & readOnlyCompatible.hasMetadataChecksums) !== 0;
  const uuidBytes = Uint8Array.from(bytes.subarray(0x68, 0x78));
  const hasSeed = (masks.incompatible & incompatible.hasChecksumSeed) !== 0;
  return {
    ...masks,
    ...geometry,
    kind: kindOf(masks),
    label: decodeName(upToZero(bytes.subarray(0x78, 0x88))),
    uuid: uuidText(uuidBytes),
    uuidBytes,
    reservedDescriptorBlocks: u16le(bytes, 0xce),
    backupGroups: [u32le(bytes, 0x24c), u32le(bytes, 0x250)],
    ownGroup: u16le(bytes, 0x5a),
    checksumSeed: hasSeed ? u32le(bytes, 0x270) : crc32c(~0, uuidBytes),
    hasChecksums,
    journalInode: u32le(bytes, 0xe0),
    journalDevice: u32le(bytes, 0xe4),
    firstOrphan: u32le(bytes, 0xe8),
    orphanFileInode: u32le(bytes, 0x280),
    hashSeed: [0xec, 0xf0, 0xf4, 0xf8].map((at) => u32le(bytes, at)),
    isHashUnsigned: (u32le(bytes, 0x160) & 2) !== 0,
    wasUnmounted: (u16le(bytes, 0x3a) & 1) !== 0,
    hasErrors: (u16le(bytes, 0x3a) & 2) !== 0,
    isLinux: u32le(bytes, 0x48) === 0,
  };
}

function masksOf(bytes: Uint8Array): FeatureMasks {
  const isOld = u32le(bytes, 0x4c) === 0;
  return {
    compatible: isOld ? 0 : u32le(bytes, 0x5c),
    incompatible: isOld ? 0 : u32le(bytes, 0x60),
    readOnlyCompatible: isOld ? 0 : u32le(bytes, 0x64),
  };
}

function geometryOf(bytes: Uint8Array, masks: FeatureMasks) {
  const isOld = u32le(bytes, 0x4c) === 0;
  const is64Bit = (masks.incompatible & incompatible.is64Bit) !== 0;
  const high = is64Bit ? 2 ** 32 : 0;
  const blockBytes = 1024 * 2 ** u32le(bytes, 0x18);
  const blockCount = u32le(bytes, 0x4) + high * u32le(bytes, 0x150);
  const firstBlock = u32le(bytes, 0x14);
  const blocksPerGroup = u32le(bytes, 0x20);
  const inodesPerGroup = u32le(bytes, 0x28);
  const inodeBytes = isOld ? 128 : u16le(bytes, 0x58);
  return {
    blockBytes,
    blockCount,
    freeBlockCount: u32le(bytes, 0xc) + high * u32le(bytes, 0x158),
    firstBlock,
    blocksPerGroup,
    blocksPerCluster: blocksPerCluster(bytes, masks),
    groupCount: Math.ceil((blockCount - firstBlock) / blocksPerGroup),
    inodeCount: u32le(bytes, 0),
    inodesPerGroup,
    inodeBytes,
    inodeTableBlocks: Math.ceil((inodesPerGroup * inodeBytes) / blockBytes),
    descriptorBytes: is64Bit ? u16le(bytes, 0xfe) : 32,
    firstMetaGroup:
      (masks.incompatible & incompatible.hasMetaGroups) === 0 ? Infinity : u32le(bytes, 0x104),
  };
}

function blocksPerCluster(bytes: Uint8Array, masks: FeatureMasks): number {
  const hasClusters = (masks.readOnlyCompatible & readOnlyCompatible.hasClusters) !== 0;
  return hasClusters ? 2 ** (u32le(bytes, 0x1c) - u32le(bytes, 0x18)) : 1;
}

const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;

/** What the kernel checks before it mounts, and what must hold for the rest of this reader to count with these numbers. */
function geometryFault(superblock: ExtSuperblock, bytes: Uint8Array): string | undefined {
  const { blockBytes, blockCount, blocksPerGroup, blocksPerCluster: ratio } = superblock;
  const { inodeBytes, inodesPerGroup, groupCount, firstBlock, descriptorBytes } = superblock;
  if (!Number.isSafeInteger(blockCount * blockBytes)) return 'its block count is impossible';
  if (firstBlock >= blockCount || firstBlock > 1) return 'its first block is impossible';
  if (!isPowerOfTwo(inodeBytes) || inodeBytes < 128 || inodeBytes > blockBytes) {
    return 'its inode size is impossible';
  }
  const descriptorBytesMin = (superblock.incompatible & incompatible.is64Bit) === 0 ? 32 : 64;
  if (
    !isPowerOfTwo(descriptorBytes) ||
    descriptorBytes < descriptorBytesMin ||
    descriptorBytes > blockBytes
  ) {
    return 'its descriptor size is impossible';
  }
  if (!isPowerOfTwo(ratio) || ratio * blockBytes > 2 ** 30) return 'its cluster size is impossible';
  const bitsMax = blockBytes * 8;
  if (blocksPerGroup === 0 || blocksPerGroup / ratio > bitsMax || blocksPerGroup % ratio !== 0) {
    return 'its group size is impossible';
  }
  if (inodesPerGroup === 0 || inodesPerGroup > bitsMax)
    return 'its inodes per group are impossible';
  if (groupCount * inodesPerGroup !== u32le(bytes, 0)) return 'its inode count is impossible';
  if (groupCount * superblock.inodeTableBlocks > blockCount) {
    return 'its inode tables would not fit';
  }
  return undefined;
}

function upToZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
