import { u64le } from '../integers.ts';

/** Bytes of a key. */
export const keyBytes = 17;

/** Under what an item is kept: trees are sorted by the three numbers, in this order. Above 2⁵³ they are inexact, alike on both sides of a comparison. */
export interface Key {
  /** Inode, tree, or place in the address space of the volume. */
  readonly object: number;
  /** Type of item, see `itemTypes`. */
  readonly type: number;
  /** Depends on the type: offset in a file, hash of a name. */
  readonly offset: number;
}

/**
 * Types of items.
 * @source Linux include/uapi/linux/btrfs_tree.h
 */
export const itemTypes = {
  inode: 1,
  inodeReference: 12,
  inodeExtendedReference: 13,
  attribute: 24,
  directoryLog: 72,
  nameByHash: 84,
  nameByIndex: 96,
  fileExtent: 108,
  contentChecksums: 128,
  root: 132,
  rootReference: 156,
  extent: 168,
  metadataExtent: 169,
  chunk: 228,
} as const;

/**
 * Numbers of trees and other objects.
 * @source Linux include/uapi/linux/btrfs_tree.h
 */
export const objects = {
  rootTree: 1,
  extentTree: 2,
  chunkTree: 3,
  topLevel: 5,
  defaultDirectory: 6,
  checksumTree: 7,
  /** −6, as an unsigned number and therefore rounded up to 2⁶⁴. */
  logTree: 18_446_744_073_709_551_616,
  /** Content checksums are all kept under −10; as an unsigned number that is rounded up to 2⁶⁴, like any key that is decoded. */
  contentChecksums: 18_446_744_073_709_551_616,
  firstInode: 256,
  firstSubvolume: 256,
  /** Above it are numbers with a meaning of their own. */
  lastSubvolume: 281_474_976_710_656,
} as const;

/** Behind every key. */
export const endKey: Key = { object: Number.POSITIVE_INFINITY, type: 0, offset: 0 };

/**
 * Decodes a key: object 8, type 1, offset 8.
 * @param bytes - borrowed
 * @param at - where it begins, bytes
 */
export function keyAt(bytes: Uint8Array, at: number): Key {
  return { object: u64le(bytes, at), type: bytes[at + 8]!, offset: u64le(bytes, at + 9) };
}

/**
 * Encodes a key. Numbers that were rounded up to 2⁶⁴ become the greatest there is, which is rounded in the same way.
 * @param key - the key
 * @returns 17 bytes
 */
export function encodeKey({ object, type, offset }: Key): Uint8Array {
  const bytes = Buffer.alloc(keyBytes);
  bytes.writeBigUInt64LE(unsigned64(object), 0);
  bytes[8] = type;
  bytes.writeBigUInt64LE(unsigned64(offset), 9);
  return bytes;
}

const greatest64 = 2n ** 64n - 1n;

function unsigned64(value: number): bigint {
  const exact = BigInt(value);
  return exact > greatest64 ? greatest64 : exact;
}

/**
 * Order of two keys.
 * @returns less than 0, 0, or more than 0
 */
export function compareKeys(left: Key, right: Key): number {
  if (left.object !== right.object) return left.object < right.object ? -1 : 1;
  if (left.type !== right.type) return left.type - right.type;
  if (left.offset === right.offset) return 0;
  return left.offset < right.offset ? -1 : 1;
}
