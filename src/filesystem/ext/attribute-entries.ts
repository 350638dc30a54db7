import { u16le, u32le } from '../integers.ts';

/**
 * Entries of extended attributes, in an inode behind its fields or in a block of their own. Little-endian, each padded to 4 bytes, the
 * last followed by 4 zero bytes:
 *
 *   offset size field
 *        0    1 length of the name
 *        1    1 number of the prefix of the name
 *        2    2 place of the value: from the first entry in an inode, from the start of a block
 *        4    4 inode that holds the value instead, 0 for none
 *        8    4 length of the value
 *       12    4 hash
 *       16      name
 * @source kernel: fs/ext4/xattr.h, struct ext4_xattr_entry
 */
export interface AttributeEntry {
  /** Number of the prefix. */
  readonly prefix: number;
  /** Name behind the prefix; borrowed. */
  readonly name: Uint8Array;
  /** The value; undefined when an inode holds it; borrowed. */
  readonly value?: Uint8Array | undefined;
  /** Inode that holds the value, 0 for none. */
  readonly valueInode: number;
  readonly valueBytes: number;
}

/** Where entries lie. */
export interface AttributeRegion {
  /** The bytes that places of values are counted in, up to the end of the region; borrowed. */
  readonly bytes: Uint8Array;
  /** Index of the first entry in them. */
  readonly start: number;
}

/** Mark at the start of either kind of region. */
export const attributeMagic = 0xea020000;

const headBytes = 16;

/**
 * Decodes all entries of a region.
 * @param region - see AttributeRegion
 * @returns the entries, or what is wrong with them as the end of a sentence
 */
export function decodeAttributeEntries(region: AttributeRegion): AttributeEntry[] | string {
  const { bytes, start } = region;
  const found: AttributeEntry[] = [];
  for (let at = start; at + 4 <= bytes.length && u32le(bytes, at) !== 0; ) {
    const nameEnd = at + headBytes + bytes[at]!;
    if (nameEnd > bytes.length) return 'an attribute reaches past its end';
    const entry = decodeEntry(bytes, at, nameEnd);
    if (entry === undefined) return 'the value of an attribute reaches past its end';
    found.push(entry);
    at = (nameEnd + 3) & ~3;
  }
  return found;
}

function decodeEntry(bytes: Uint8Array, at: number, nameEnd: number): AttributeEntry | undefined {
  const valueAt = u16le(bytes, at + 2);
  const valueInode = u32le(bytes, at + 4);
  const valueBytes = u32le(bytes, at + 8);
  const isHere = valueInode === 0;
  if (isHere && valueBytes > 0 && valueAt + valueBytes > bytes.length) return undefined;
  return {
    prefix: bytes[at + 1]!,
    name: bytes.subarray(at + headBytes, nameEnd),
    value: isHere ? bytes.subarray(valueAt, valueAt + valueBytes) : undefined,
    valueInode,
    valueBytes,
  };
}
