import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';
import { checksumOfNumber } from './checksum.ts';
import { incompatible } from './features.ts';
import type { ExtSuperblock } from './superblock.ts';

/**
 * An inode, 128 bytes or more. Little-endian:
 *
 *   offset size field
 *     0x00    2 kind and permissions
 *     0x02    2 owner, low half                 0x78  2 high half
 *     0x04    4 size, low half                  0x6c  4 high half, of files, and of directories with large_dir
 *     0x08    4 read                            0x8c  4 nanoseconds << 2 | bits 32 and 33 of the seconds
 *     0x0c    4 status changed                  0x84  4 likewise
 *     0x10    4 content changed                 0x88  4 likewise
 *     0x14    4 deleted
 *     0x18    2 group, low half                 0x7a  2 high half
 *     0x1a    2 names
 *     0x1c    4 space, in units of 512 bytes    0x74  2 high half, with huge_file
 *     0x20    4 flags
 *     0x28   60 extent tree, block numbers, link target, device or inline data
 *     0x64    4 generation
 *     0x68    4 block of attributes             0x76  2 high half
 *     0x7c    2 checksum, low half              0x82  2 high half
 *     0x80    2 bytes used behind the first 128
 *     0x90    4 made                            0x94  4 as with the other times
 * @source kernel: fs/ext4/ext4.h, struct ext4_inode; fs/ext4/inode.c, ext4_inode_csum
 */
export interface ExtInode {
  /** From 1. */
  readonly number: number;
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** All its bytes; borrowed from the cache. */
  readonly raw: Uint8Array;
  /** Kind and permissions, 16 bits. */
  readonly mode: number;
  /** Length of the content, bytes; may be more than a safe integer. */
  readonly sizeBytes: number;
  readonly linkCount: number;
  /** See `inodeFlags`. */
  readonly flags: number;
  /** Differs between files that had the same number one after the other. */
  readonly generation: number;
  /** Block of extended attributes, 0 for none. */
  readonly attributeBlock: number;
  /** Bytes behind the first 128 that hold fields. */
  readonly extraBytes: number;
}

/** Flags at 0x20 of an inode. */
export const inodeFlags = {
  isCompressed: 0x4,
  isImmutable: 0x10,
  isAppendOnly: 0x20,
  isNotDumped: 0x40,
  isEncrypted: 0x800,
  hasDirectoryIndex: 0x1000,
  countsBlocks: 0x40000,
  hasExtents: 0x80000,
  isVerified: 0x100000,
  holdsAttribute: 0x200000,
  hasInlineData: 0x10000000,
  foldsCase: 0x40000000,
} as const;

/** The kinds of file in the upper 4 bits of `mode`. */
export const modeKinds = {
  pipe: 0x1000,
  characterDevice: 0x2000,
  directory: 0x4000,
  blockDevice: 0x6000,
  file: 0x8000,
  link: 0xa000,
  socket: 0xc000,
} as const;

/** The mask that takes the kind out of `mode`. */
export const modeKindMask = 0xf000;

/** Where the 60 bytes of extents, block numbers or inline data lie in an inode. */
export const inodeBlockAt = 0x28;

/** Length of that field, bytes. */
export const inodeBlockBytes = 60;

const baseBytes = 128;

/**
 * Decodes an inode; its checksum is looked at apart.
 * @param superblock - of the file system
 * @param place - its number, and where it lies on the volume
 * @param raw - all its bytes; borrowed for as long as the inode is used
 */
export function decodeInode(
  superblock: ExtSuperblock,
  place: { readonly number: number; readonly offsetBytes: number },
  raw: Uint8Array,
): ExtInode {
  const mode = u16le(raw, 0);
  const isLong =
    (mode & modeKindMask) === modeKinds.file ||
    ((mode & modeKindMask) === modeKinds.directory &&
      (superblock.incompatible & incompatible.hasLargeDirectories) !== 0);
  return {
    number: place.number,
    offsetBytes: place.offsetBytes,
    raw,
    mode,
    sizeBytes: u32le(raw, 0x4) + (isLong ? u32le(raw, 0x6c) * 2 ** 32 : 0),
    linkCount: u16le(raw, 0x1a),
    flags: u32le(raw, 0x20),
    generation: u32le(raw, 0x64),
    attributeBlock: u32le(raw, 0x68) + u16le(raw, 0x76) * 2 ** 32,
    extraBytes: raw.length > baseBytes ? u16le(raw, 0x80) : 0,
  };
}

/**
 * What is wrong with an inode itself.
 * @param superblock - of the file system
 * @param inode - to be looked at
 * @returns the reason as the end of a sentence; undefined when nothing is
 */
export function inodeFault(superblock: ExtSuperblock, inode: ExtInode): string | undefined {
  const { raw, extraBytes, sizeBytes } = inode;
  if (raw.length > baseBytes && (extraBytes > raw.length - baseBytes || extraBytes % 4 !== 0)) {
    return 'its extra size is impossible';
  }
  if (superblock.hasChecksums && superblock.isLinux && !hasRightChecksum(superblock, inode)) {
    return 'its checksum does not fit';
  }
  return Number.isSafeInteger(sizeBytes) ? undefined : 'its size is impossible';
}

/**
 * State of the checksum of whatever belongs to an inode: extent blocks, directory blocks.
 * @param superblock - of the file system
 * @param inode - whose it is
 */
export function inodeChecksumSeed(superblock: ExtSuperblock, inode: ExtInode): number {
  const seed = checksumOfNumber(superblock.checksumSeed, inode.number);
  return checksumOfNumber(seed, inode.generation);
}

let copy = new Uint8Array(256);

function hasRightChecksum(superblock: ExtSuperblock, inode: ExtInode): boolean {
  const { raw, extraBytes } = inode;
  if (copy.length < raw.length) copy = new Uint8Array(raw.length);
  const bytes = copy.subarray(0, raw.length);
  bytes.set(raw);
  bytes.fill(0, 0x7c, 0x7e);
  const hasHighHalf = extraBytes >= 4;
  if (hasHighHalf) bytes.fill(0, 0x82, 0x84);
  const computed = crc32c(inodeChecksumSeed(superblock, inode), bytes);
  const isLowRight = (computed & 0xffff) === u16le(raw, 0x7c);
  return isLowRight && (!hasHighHalf || computed >>> 16 === u16le(raw, 0x82));
}
