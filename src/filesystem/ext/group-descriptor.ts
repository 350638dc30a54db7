import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';
import { checksumOfNumber, checksumWithout, crc16 } from './checksum.ts';
import { readOnlyCompatible } from './features.ts';
import type { ExtSuperblock } from './superblock.ts';

/**
 * Descriptor of a group, 32 bytes, or 64 and more where blocks have 64 bits. Little-endian:
 *
 *   offset size field                                    high half
 *     0x00    4 block of the block bitmap                0x20  4
 *     0x04    4 block of the inode bitmap                0x24  4
 *     0x08    4 first block of the inode table           0x28  4
 *     0x0c    2 free blocks                              0x2c  2
 *     0x0e    2 free inodes                              0x2e  2
 *     0x12    2 flags: 1 inodes never used, 2 block bitmap never written, 4 inode table zeroed
 *     0x18    2 checksum of the block bitmap             0x38  2
 *     0x1a    2 checksum of the inode bitmap             0x3a  2
 *     0x1c    2 inodes at the end of the table never used 0x32 2
 *     0x1e    2 checksum of the descriptor
 * @source kernel: fs/ext4/ext4.h, struct ext4_group_desc; fs/ext4/super.c, ext4_group_desc_csum
 */
export interface GroupDescriptor {
  /** Block number. */
  readonly blockBitmap: number;
  /** Block number. */
  readonly inodeBitmap: number;
  /** Number of its first block. */
  readonly inodeTable: number;
  readonly freeBlockCount: number;
  readonly freeInodeCount: number;
  /** Inodes of the table that were never used, at its end. */
  readonly unusedInodeCount: number;
  /** Whether the inode bitmap, and with it the whole table, was never written. */
  readonly areInodesUnused: boolean;
  /** Whether the block bitmap was never written: only the group's own metadata is in use. */
  readonly isBlockBitmapUnused: boolean;
  /** Of the block bitmap; 16 bits where descriptors have no more room. */
  readonly blockBitmapChecksum: number;
  /** Of the inode bitmap; likewise. */
  readonly inodeBitmapChecksum: number;
}

const checksumField = { at: 0x1e, lengthBytes: 2 } as const;

/**
 * Decodes a descriptor.
 * @param superblock - whose group it is
 * @param bytes - as many as the superblock says; borrowed
 */
export function decodeGroupDescriptor(
  superblock: ExtSuperblock,
  bytes: Uint8Array,
): GroupDescriptor {
  const isWide = superblock.descriptorBytes >= 64;
  const wide32 = (at: number): number => (isWide ? u32le(bytes, at) * 2 ** 32 : 0);
  const wide16 = (at: number): number => (isWide ? u16le(bytes, at) * 2 ** 16 : 0);
  const hasUnused = (superblock.readOnlyCompatible & anyDescriptorChecksum) !== 0;
  const flags = hasUnused ? u16le(bytes, 0x12) : 0;
  return {
    blockBitmap: u32le(bytes, 0) + wide32(0x20),
    inodeBitmap: u32le(bytes, 4) + wide32(0x24),
    inodeTable: u32le(bytes, 8) + wide32(0x28),
    freeBlockCount: u16le(bytes, 0xc) + wide16(0x2c),
    freeInodeCount: u16le(bytes, 0xe) + wide16(0x2e),
    unusedInodeCount: hasUnused ? u16le(bytes, 0x1c) + wide16(0x32) : 0,
    areInodesUnused: (flags & 1) !== 0,
    isBlockBitmapUnused: (flags & 2) !== 0,
    blockBitmapChecksum: u16le(bytes, 0x18) + wide16(0x38),
    inodeBitmapChecksum: u16le(bytes, 0x1a) + wide16(0x3a),
  };
}

const anyDescriptorChecksum: number =
  readOnlyCompatible.hasDescriptorChecksums | readOnlyCompatible.hasMetadataChecksums;

/**
 * What is wrong with a descriptor.
 * @param superblock - whose group it is
 * @param group - number of the group
 * @param bytes - of the descriptor; borrowed
 * @returns the reason as the end of a sentence; undefined when nothing is
 */
export function descriptorFault(
  superblock: ExtSuperblock,
  group: number,
  bytes: Uint8Array,
): string | undefined {
  if (!hasRightChecksum(superblock, group, bytes)) return 'its checksum does not fit';
  const descriptor = decodeGroupDescriptor(superblock, bytes);
  const { firstBlock, blockCount, inodeTableBlocks, inodesPerGroup } = superblock;
  const isInside = (block: number, count: number): boolean =>
    block > firstBlock && block + count <= blockCount;
  if (!isInside(descriptor.blockBitmap, 1)) return 'its block bitmap would lie outside';
  if (!isInside(descriptor.inodeBitmap, 1)) return 'its inode bitmap would lie outside';
  if (!isInside(descriptor.inodeTable, inodeTableBlocks)) {
    return 'its inode table would lie outside';
  }
  if (descriptor.unusedInodeCount > inodesPerGroup) return 'it has more unused inodes than inodes';
  return undefined;
}

function hasRightChecksum(superblock: ExtSuperblock, group: number, bytes: Uint8Array): boolean {
  const stored = u16le(bytes, checksumField.at);
  if (superblock.hasChecksums) {
    const seed = checksumOfNumber(superblock.checksumSeed, group);
    return (checksumWithout(seed, bytes, checksumField) & 0xffff) === stored;
  }
  if ((superblock.readOnlyCompatible & anyDescriptorChecksum) === 0) return true;
  const number = Uint8Array.of(group, group >>> 8, group >>> 16, group >>> 24);
  const seed = crc16(crc16(0xffff, superblock.uuidBytes), number);
  const before = crc16(seed, bytes.subarray(0, checksumField.at));
  return crc16(before, bytes.subarray(checksumField.at + checksumField.lengthBytes)) === stored;
}

/**
 * Whether a bitmap is as its descriptor says.
 * @param superblock - whose bitmap it is
 * @param bits - the bytes that count: as many as the group has clusters or inodes, divided by 8; borrowed
 * @param stored - checksum in the descriptor
 */
export function isBitmapSound(
  superblock: ExtSuperblock,
  bits: Uint8Array,
  stored: number,
): boolean {
  if (!superblock.hasChecksums) return true;
  const computed = crc32c(superblock.checksumSeed, bits);
  return (superblock.descriptorBytes >= 64 ? computed : computed & 0xffff) === stored;
}
