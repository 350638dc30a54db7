import { u32le, u64le } from '../integers.ts';
import type { TreeRoot } from './superblock.ts';

/** Bytes of a root item that every version of it has. */
const rootItemBytes = 239;

/** What the root tree says of a tree. */
export interface RootItem {
  readonly root: TreeRoot;
  /** Names that a subvolume has: 0 for one that was deleted and is being taken apart. */
  readonly nameCount: number;
  readonly isReadOnly: boolean;
}

/**
 * Decodes a root item.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 160 | an inode that means nothing |
 * | 160 | 8 × 3 | generation, root directory, address of the top node |
 * | 208 | 8 | flags: 1 read-only |
 * | 216 | 4 | names |
 * | 238 | 1 | level of the top node |
 * @param bytes - the item; borrowed
 * @param tree - number of the tree
 * @returns undefined when it is too short
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_root_item
 */
export function decodeRootItem(bytes: Uint8Array, tree: number): RootItem | undefined {
  if (bytes.length < rootItemBytes) return undefined;
  return {
    root: {
      tree,
      logicalBytes: u64le(bytes, 176),
      level: bytes[238]!,
      generation: u64le(bytes, 160),
    },
    isReadOnly: (bytes[208]! & 1) !== 0,
    nameCount: u32le(bytes, 216),
  };
}

/**
 * Decodes where a subvolume is attached: directory 8, sequence 8, length of name 2, name.
 * @param bytes - a root reference; borrowed, and lent on in the name
 * @returns undefined when it is too short
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_root_ref
 */
export function decodeRootReference(
  bytes: Uint8Array,
): { readonly directory: number; readonly name: Uint8Array } | undefined {
  if (bytes.length < 18) return undefined;
  const end = 18 + (bytes[16]! | (bytes[17]! << 8));
  return end > bytes.length
    ? undefined
    : { directory: u64le(bytes, 0), name: bytes.subarray(18, end) };
}
