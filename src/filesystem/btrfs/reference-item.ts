import { u16le, u64le } from '../integers.ts';

/** A name that an inode has, as the inode keeps it. */
export interface InodeReference {
  /** Directory that holds the name. */
  readonly directory: number;
  /** Number of the name in the directory: the order in which names were made. */
  readonly index: number;
  /** Bytes of the name; borrowed. */
  readonly name: Uint8Array;
}

/**
 * Decodes the names that an inode has in one directory, which is in the key. Each is: index 8, length of name 2, name.
 * @param bytes - the item; borrowed, and lent on
 * @param directory - from the key
 * @returns undefined when they do not fit into it
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_inode_ref
 */
export function decodeReferences(
  bytes: Uint8Array,
  directory: number,
): readonly InodeReference[] | undefined {
  const references: InodeReference[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 10 + (at + 10 > bytes.length ? 0 : u16le(bytes, at + 8));
    if (end > bytes.length || end === at + 10) return undefined;
    references.push({ directory, index: u64le(bytes, at), name: bytes.subarray(at + 10, end) });
    at = end;
  }
  return references;
}

/**
 * Decodes names that did not fit into the other form. Each is: directory 8, index 8, length of name 2, name.
 * @param bytes - the item; borrowed, and lent on
 * @returns undefined when they do not fit into it
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_inode_extref
 */
export function decodeExtendedReferences(bytes: Uint8Array): readonly InodeReference[] | undefined {
  const references: InodeReference[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 18 + (at + 18 > bytes.length ? 0 : u16le(bytes, at + 16));
    if (end > bytes.length || end === at + 18) return undefined;
    const [directory, index] = [u64le(bytes, at), u64le(bytes, at + 8)];
    references.push({ directory, index, name: bytes.subarray(at + 18, end) });
    at = end;
  }
  return references;
}

/**
 * Encodes the names that an inode has in one directory.
 * @param references - all in that directory
 */
export function encodeReferences(references: readonly InodeReference[]): Uint8Array {
  const parts = references.map(({ index, name }) => {
    const head = Buffer.alloc(10);
    // No directory ever had so many names: the number of a damaged one is cut.
    head.writeBigUInt64LE(BigInt(Math.min(index, Number.MAX_SAFE_INTEGER)), 0);
    head.writeUInt16LE(name.length, 8);
    return Buffer.concat([head, name]);
  });
  return Buffer.concat(parts);
}
