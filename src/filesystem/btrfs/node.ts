import { u32le, u64le } from '../integers.ts';
import { isSummedUp } from './checksum.ts';
import { compareKeys, encodeKey, type Key, keyAt } from './key.ts';
import type { BtrfsSuperblock } from './superblock.ts';

const checksumBytes = 32;
/** Bytes of a node before its items. */
const headBytes = 101;
const itemHeadBytes = 25;
const pointerBytes = 33;
/** Levels of a tree: BTRFS_MAX_LEVEL. */
export const levelsMax = 8;

/** A node of a tree that was found to be sound in itself. */
export interface TreeNode {
  /** All its bytes; borrowed. */
  readonly bytes: Uint8Array;
  /** Where it lies in the address space, bytes. */
  readonly logicalBytes: number;
  /** Levels below it. */
  readonly level: number;
  /** Items of a leaf, or nodes below. */
  readonly count: number;
}

/**
 * Looks at a node by itself: its checksum, that it is the one that was asked for, that its keys ascend, that its items lie in it.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 32 | checksum of what follows |
 * | 32 | 16 | UUID of the metadata |
 * | 48 | 8 | own address |
 * | 80 | 8 × 2 | generation, tree |
 * | 96 | 4 | items |
 * | 100 | 1 | level |
 * | 101 | 25 × | leaf: key 17, start counted from 101 4, bytes 4 |
 * | 101 | 33 × | else: key 17, address 8, generation 8 |
 * @param superblock - of the volume
 * @param bytes - the node; borrowed
 * @param logicalBytes - address that it was asked for under
 * @returns what is wrong, as a sentence without its end; undefined when nothing is
 * @source btrfs documentation, "On-disk format"; Linux include/uapi/linux/btrfs_tree.h, struct btrfs_header, btrfs_item, btrfs_key_ptr
 */
export function nodeFault(
  superblock: BtrfsSuperblock,
  bytes: Uint8Array,
  logicalBytes: number,
): string | undefined {
  if (!isSummedUp(superblock.checksum, bytes.subarray(checksumBytes), bytes))
    return 'its checksum does not fit';
  if (superblock.metadataUuid.some((byte, index) => byte !== bytes[32 + index]))
    return 'it belongs to another file system';
  if (u64le(bytes, 48) !== logicalBytes) return 'it says that it lies elsewhere';
  return itemsFault(nodeOf(bytes, logicalBytes));
}

function itemsFault(node: TreeNode): string | undefined {
  const { bytes, count, level } = node;
  const eachBytes = level === 0 ? itemHeadBytes : pointerBytes;
  if (level >= levelsMax) return `its level is ${level}`;
  const headEnd = headBytes + count * eachBytes;
  if (headEnd > bytes.length) return `it has ${count} items`;
  for (let index = 1; index < count; index += 1)
    if (compareKeys(nodeKey(node, index - 1), nodeKey(node, index)) > 0)
      return 'its keys are out of order';
  for (let index = 0; level === 0 && index < count; index += 1) {
    const at = headBytes + index * itemHeadBytes;
    const start = headBytes + u32le(bytes, at + 17);
    if (start < headEnd || start + u32le(bytes, at + 21) > bytes.length)
      return `its item ${index} does not lie in it`;
  }
  return undefined;
}

/**
 * A node that was found sound.
 * @param bytes - its bytes; borrowed, and lent on
 * @param logicalBytes - its address
 */
export function nodeOf(bytes: Uint8Array, logicalBytes: number): TreeNode {
  return { bytes, logicalBytes, level: bytes[100]!, count: u32le(bytes, 96) };
}

/**
 * Generation in which a node was written.
 * @param node - the node
 */
export function nodeGeneration(node: TreeNode): number {
  return u64le(node.bytes, 80);
}

/**
 * Key of an item or of a node below.
 * @param node - the node
 * @param index - 0 ≤ index < count
 */
export function nodeKey(node: TreeNode, index: number): Key {
  return keyAt(node.bytes, headBytes + index * (node.level === 0 ? itemHeadBytes : pointerBytes));
}

/**
 * Where a node leads.
 * @param node - no leaf
 * @param index - 0 ≤ index < count
 * @returns address and generation of the node below
 */
export function childOf(
  node: TreeNode,
  index: number,
): { readonly logicalBytes: number; readonly generation: number } {
  const at = headBytes + index * pointerBytes + 17;
  return { logicalBytes: u64le(node.bytes, at), generation: u64le(node.bytes, at + 8) };
}

/**
 * Bytes of an item.
 * @param leaf - a leaf
 * @param index - 0 ≤ index < count
 * @returns borrowed
 */
export function itemBytes(leaf: TreeNode, index: number): Uint8Array {
  const at = headBytes + index * itemHeadBytes;
  const start = headBytes + u32le(leaf.bytes, at + 17);
  return leaf.bytes.subarray(start, start + u32le(leaf.bytes, at + 21));
}

/**
 * A leaf put together from items, which may be larger than nodes are on a volume.
 * @param like - its address and head are taken over
 * @param items - in ascending order of their keys
 */
export function makeLeaf(
  like: TreeNode,
  items: readonly { readonly key: Key; readonly bytes: Uint8Array }[],
): TreeNode {
  const headsEnd = headBytes + items.length * itemHeadBytes;
  const sizeBytes = items.reduce((sum, { bytes }) => sum + bytes.length, headsEnd);
  const leaf = Buffer.alloc(sizeBytes);
  leaf.set(like.bytes.subarray(0, headBytes));
  leaf.writeUInt32LE(items.length, 96);
  let at = headsEnd;
  for (const [index, { key, bytes }] of items.entries()) {
    const head = headBytes + index * itemHeadBytes;
    leaf.set(encodeKey(key), head);
    leaf.writeUInt32LE(at - headBytes, head + 17);
    leaf.writeUInt32LE(bytes.length, head + 21);
    leaf.set(bytes, at);
    at += bytes.length;
  }
  return nodeOf(leaf, like.logicalBytes);
}

/**
 * Index of the first key that is not less than another.
 * @param node - the node
 * @param key - what is looked for
 * @returns `count` when all are less
 */
export function firstNotLess(node: TreeNode, key: Key): number {
  let low = 0;
  let high = node.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(nodeKey(node, middle), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
