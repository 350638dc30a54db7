import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';
import { checksumOfNumber } from './checksum.ts';
import { hashTreeDepthMax } from './limits.ts';

/**
 * A node of a directory's hash tree. To whoever reads only entries it looks like a block without names. Little-endian:
 *
 *   root                                               other nodes
 *        0   12 entry "."                              0  8 unused entry over the whole block
 *       12   12 entry ".."
 *       24    4 zero
 *       28    1 kind of hash
 *       29    1 length of these fields, 8
 *       30    1 levels of other nodes below
 *       31    1 flags
 *       32      index                                  8    index
 *
 *   index
 *        0    2 room for entries
 *        2    2 entries
 *        4    4 block of the directory below the first entry, whose hash is 0
 *        8      entries: 4 bytes of hash, 4 of block of the directory
 *
 * With checksums 8 bytes lie behind the room for entries: unused, checksum. A hash with its lowest bit set says that names of
 * the hash before it go on here.
 * @source kernel: fs/ext4/namei.c, struct dx_root and ext4_dx_csum; Documentation/filesystems/ext4/directory.rst
 */
export interface HashTreeNode {
  /** The block; borrowed. */
  readonly bytes: Uint8Array;
  /** Where the index begins. */
  readonly indexAt: number;
  readonly entryCount: number;
}

/** What the root says about the whole tree. */
export interface HashTreeRoot extends HashTreeNode {
  /** 0 legacy, 1 half MD4, 2 TEA, 3 to 5 the same with unsigned bytes, 6 SipHash. */
  readonly hashKind: number;
  /** Levels of nodes below the root. */
  readonly depth: number;
}

const rootIndexAt = 32;
const nodeIndexAt = 8;
const entryBytes = 8;
const rootFieldsBytes = 8;

/**
 * Decodes the root of a hash tree.
 * @param bytes - block 0 of the directory; borrowed
 * @returns undefined when it is none that is understood
 */
export function decodeHashTreeRoot(bytes: Uint8Array): HashTreeRoot | undefined {
  const depth = bytes[30]!;
  if (u32le(bytes, 24) !== 0 || bytes[29] !== rootFieldsBytes || depth > hashTreeDepthMax) {
    return undefined;
  }
  const node = decodeIndex(bytes, rootIndexAt);
  return node && { ...node, hashKind: bytes[28]!, depth };
}

/**
 * Decodes another node of a hash tree.
 * @param bytes - a block of the directory; borrowed
 * @returns undefined when it is none
 */
export function decodeHashTreeNode(bytes: Uint8Array): HashTreeNode | undefined {
  return isHashTreeNode(bytes) ? decodeIndex(bytes, nodeIndexAt) : undefined;
}

/**
 * Whether a block of a directory looks like a node of its hash tree other than the root: one unused entry over the whole of it.
 * @param bytes - the block; borrowed
 */
export function isHashTreeNode(bytes: Uint8Array): boolean {
  const length = u16le(bytes, 4);
  const isWhole =
    length === bytes.length || (bytes.length === 65_536 && (length === 0 || length === 65_535));
  return u32le(bytes, 0) === 0 && isWhole && u16le(bytes, 6) === 0;
}

function decodeIndex(bytes: Uint8Array, indexAt: number): HashTreeNode | undefined {
  const room = u16le(bytes, indexAt);
  const entryCount = u16le(bytes, indexAt + 2);
  const isPossible =
    entryCount > 0 && entryCount <= room && indexAt + room * entryBytes <= bytes.length;
  return isPossible ? { bytes, indexAt, entryCount } : undefined;
}

/**
 * Hash from which on an entry counts.
 * @param node - a node
 * @param index - less than its count
 */
export function entryHash(node: HashTreeNode, index: number): number {
  return index === 0 ? 0 : u32le(node.bytes, node.indexAt + index * entryBytes);
}

/**
 * Block of the directory that an entry leads to.
 * @param node - a node
 * @param index - less than its count
 */
export function entryBlock(node: HashTreeNode, index: number): number {
  return u32le(node.bytes, node.indexAt + index * entryBytes + 4) & 0x0fffffff;
}

/**
 * The last entry whose hash is not above another.
 * @param node - a node
 * @param hash - unsigned 32 bits
 */
export function entryForHash(node: HashTreeNode, hash: number): number {
  let low = 1;
  let high = node.entryCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entryHash(node, middle) <= hash) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Whether the checksum of a node fits.
 * @param node - a node
 * @param seed - state of the checksum that the inode gives
 */
export function isHashTreeNodeSound(
  { bytes, indexAt, entryCount }: HashTreeNode,
  seed: number,
): boolean {
  const tailAt = indexAt + u16le(bytes, indexAt) * entryBytes;
  if (tailAt + 8 > bytes.length) return false;
  const index = crc32c(seed, bytes.subarray(0, indexAt + entryCount * entryBytes));
  const tail = crc32c(index, bytes.subarray(tailAt, tailAt + 4));
  return checksumOfNumber(tail, 0) === u32le(bytes, tailAt + 4);
}
