import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';
import { extentDepthMax } from './limits.ts';

/**
 * A node of an extent tree: the root in the 60 bytes of an inode, every other a block. Little-endian:
 *
 *   offset size field
 *        0    2 magic 0xf30a
 *        2    2 entries
 *        4    2 room for entries
 *        6    2 depth: levels below, 0 in a leaf
 *        8    4 unused
 *       12      entries, 12 bytes each; behind the room for them, in a block, 4 bytes of checksum
 *
 *   entry of a leaf                                    entry of another node
 *        0    4 first block of the file                0  4 first block of the file below
 *        4    2 blocks; above 32768 never written,     4  4 block of the node below, low half
 *               and 32768 to be taken away
 *        6    2 block of the volume, high half         8  2 high half
 *        8    4 low half
 * @source kernel: fs/ext4/ext4_extents.h
 */
export interface ExtentNode {
  /** The bytes of the node; borrowed. */
  readonly bytes: Uint8Array;
  readonly entryCount: number;
  /** Levels below, 0 in a leaf. */
  readonly depth: number;
}

/** One run of blocks of a file that are stored. */
export interface Extent {
  /** First block of the file. */
  readonly start: number;
  readonly blockCount: number;
  /** First block of the volume. */
  readonly block: number;
  /** Whether it was written to; it reads as zeroes where not. */
  readonly isWritten: boolean;
}

const magic = 0xf30a;
const headBytes = 12;
const entryBytes = 12;
const writtenBlocksMax = 32_768;

/** What is expected of a node. */
export interface ExpectedNode {
  /** Levels below; undefined for a root, which says itself. */
  readonly depth?: number;
  /** First block of the file that may be in it. */
  readonly start: number;
  /** Block of the file before which it must end. */
  readonly end: number;
}

/**
 * Decodes a node and looks at all its entries.
 * @param bytes - of the node; borrowed
 * @param expected - see ExpectedNode
 * @returns the node, or what is wrong with it as the end of a sentence
 */
export function decodeExtentNode(bytes: Uint8Array, expected: ExpectedNode): ExtentNode | string {
  if (u16le(bytes, 0) !== magic) return 'it has no magic number';
  const entryCount = u16le(bytes, 2);
  const room = u16le(bytes, 4);
  const depth = u16le(bytes, 6);
  if (entryCount > room || headBytes + room * entryBytes > bytes.length) {
    return 'it has more entries than room';
  }
  if (depth !== (expected.depth ?? depth) || depth > extentDepthMax)
    return 'its depth is impossible';
  if (depth > 0 && entryCount === 0) return 'nothing is below it';
  const node = { bytes, entryCount, depth };
  return areEntriesInOrder(node, expected) ? node : 'its entries are not in order';
}

function areEntriesInOrder(node: ExtentNode, { start, end }: ExpectedNode): boolean {
  let from = start;
  for (let index = 0; index < node.entryCount; index += 1) {
    const first = entryStart(node, index);
    const count = node.depth === 0 ? extentAt(node, index).blockCount : 1;
    if (first < from || count === 0 || first + count > end) return false;
    from = first + count;
  }
  return true;
}

/**
 * Whether the checksum of a node that is a block fits.
 * @param bytes - the block; borrowed
 * @param seed - state of the checksum that the inode gives
 */
export function isExtentBlockSound(bytes: Uint8Array, seed: number): boolean {
  const at = headBytes + u16le(bytes, 4) * entryBytes;
  return at + 4 <= bytes.length && crc32c(seed, bytes.subarray(0, at)) === u32le(bytes, at);
}

/**
 * First block of the file that an entry is about.
 * @param node - of any depth
 * @param index - less than its count
 */
export function entryStart(node: ExtentNode, index: number): number {
  return u32le(node.bytes, headBytes + index * entryBytes);
}

/**
 * An entry of a leaf.
 * @param node - of depth 0
 * @param index - less than its count
 */
export function extentAt(node: ExtentNode, index: number): Extent {
  const at = headBytes + index * entryBytes;
  const length = u16le(node.bytes, at + 4);
  const isWritten = length <= writtenBlocksMax;
  return {
    start: u32le(node.bytes, at),
    blockCount: isWritten ? length : length - writtenBlocksMax,
    block: u32le(node.bytes, at + 8) + u16le(node.bytes, at + 6) * 2 ** 32,
    isWritten,
  };
}

/**
 * The block of the node below an entry.
 * @param node - of a depth above 0
 * @param index - less than its count
 */
export function childBlock(node: ExtentNode, index: number): number {
  const at = headBytes + index * entryBytes;
  return u32le(node.bytes, at + 4) + u16le(node.bytes, at + 8) * 2 ** 32;
}

/**
 * The last entry that begins at or before a block of the file.
 * @param node - of any depth
 * @param fileBlock - block of the file
 * @returns its index; −1 when all begin behind it
 */
export function entryBefore(node: ExtentNode, fileBlock: number): number {
  let low = 0;
  let high = node.entryCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entryStart(node, middle) <= fileBlock) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
