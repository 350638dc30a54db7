import { crc32c } from '../crc32c.ts';
import { u16le } from '../integers.ts';
import { encodeKey, itemTypes, type Key, keyAt } from './key.ts';

const headBytes = 30;

/** A name with what it stands for: of a directory, or an attribute with its value. */
export interface NamedItem {
  /** What it names: an inode of the same subvolume, or another subvolume. */
  readonly location: Key;
  /** Type of file, 1 … 7; 8 for an attribute. */
  readonly type: number;
  /** Bytes of the name; borrowed. */
  readonly name: Uint8Array;
  /** Value of an attribute; borrowed. */
  readonly value: Uint8Array;
}

/**
 * Decodes names that lie in one item: names with the same hash share one. Each is: location 17, transaction 8, length of value 2, length of name
 * 2, type 1, name, value.
 * @param bytes - the item; borrowed, and lent on
 * @returns undefined when they do not fit into it
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_dir_item
 */
export function decodeNamedItems(bytes: Uint8Array): readonly NamedItem[] | undefined {
  const items: NamedItem[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + headBytes > bytes.length) return undefined;
    const nameStart = at + headBytes;
    const nameEnd = nameStart + u16le(bytes, at + 27);
    const end = nameEnd + u16le(bytes, at + 25);
    if (end > bytes.length || nameEnd === nameStart) return undefined;
    items.push({
      location: keyAt(bytes, at),
      type: bytes[at + 29]!,
      name: bytes.subarray(nameStart, nameEnd),
      value: bytes.subarray(nameEnd, end),
    });
    at = end;
  }
  return items;
}

/**
 * Hash under which a name is kept.
 * @param name - bytes of the name; borrowed
 * @source Linux fs/btrfs/inode.c, btrfs_name_hash
 */
export function nameHash(name: Uint8Array): number {
  return crc32c(0xffff_fffe, name);
}

/**
 * Encodes a name of a directory.
 * @param inode - what it names, in the same subvolume
 * @param type - type of file, 1 … 7
 * @param name - bytes of the name
 */
export function encodeNamedItem(inode: number, type: number, name: Uint8Array): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.set(encodeKey({ object: inode, type: itemTypes.inode, offset: 0 }));
  head.writeUInt16LE(name.length, 27);
  head[29] = type;
  return Buffer.concat([head, name]);
}
