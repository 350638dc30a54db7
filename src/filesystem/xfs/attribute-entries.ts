import { viewOf } from './big-endian.ts';
import type { HashBlock } from './hash-block.ts';

/** An attribute as it is kept, before its name has a namespace. */
export interface XfsAttribute {
  /** Bits: 1 value beside the name, 2 trusted, 4 security, 8 parent pointer, 128 not finished. */
  readonly flags: number;
  /** Bytes of the name; borrowed. */
  readonly name: Uint8Array;
  /** The value when it lies beside the name; borrowed. */
  readonly value?: Uint8Array | undefined;
  /** Where the value lies when it lies in blocks of its own. */
  readonly remote?: RemoteValue | undefined;
}

/** A value in blocks of its own. */
export interface RemoteValue {
  /** First block in the attribute fork. */
  readonly fileBlock: number;
  readonly lengthBytes: number;
}

const localFlag = 1;

/**
 * Decodes attributes that lie in their inode: total 2, count 1, padding 1, then for each length of name 1, length of value 1, flags
 * 1, name, value.
 * @param bytes - the attribute fork of the inode; borrowed, and lent on
 * @returns a reason when they contradict themselves
 * @source XFS Algorithms & Data Structures, "Short Form Attributes"; Linux fs/xfs/libxfs/xfs_da_format.h, struct xfs_attr_sf_entry
 */
export function decodeShortAttributes(bytes: Uint8Array): readonly XfsAttribute[] | string {
  if (bytes.length < 4) return 'it has no place for attributes';
  const attributes: XfsAttribute[] = [];
  let at = 4;
  for (let index = 0; index < bytes[2]!; index += 1) {
    const nameEnd = at + 3 + (bytes[at] ?? 0);
    const end = nameEnd + (bytes[at + 1] ?? 0);
    if (at + 3 > bytes.length || end > bytes.length) return `its attribute ${index} does not fit`;
    attributes.push({
      flags: bytes[at + 2]!,
      name: bytes.subarray(at + 3, nameEnd),
      value: bytes.subarray(nameEnd, end),
    });
    at = end;
  }
  return attributes;
}

/**
 * Decodes the attributes of a leaf. Its head ends with the first used byte and a map of gaps; then entries of hash 4, place 2, flags 1,
 * padding 1. At that place: length of value 2, length of name 1, name, value; or block of the value 4, length 4, length of name 1, name.
 * @param block - a leaf of attributes; borrowed, and lent on
 * @param isVersion5 - whether its head is that of version 5
 * @returns a reason when they contradict themselves
 * @source XFS Algorithms & Data Structures, "Leaf Attributes"; Linux fs/xfs/libxfs/xfs_da_format.h, struct xfs_attr_leafblock
 */
export function decodeLeafAttributes(
  block: HashBlock,
  isVersion5: boolean,
): readonly XfsAttribute[] | string {
  const { bytes, count } = block;
  const view = viewOf(bytes);
  const start = isVersion5 ? 80 : 32;
  if (start + count * 8 > bytes.length) return `it has ${count} entries`;
  const attributes: XfsAttribute[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = start + index * 8;
    const attribute = attributeAt(bytes, view.getUint16(at + 4), bytes[at + 6]!);
    if (attribute === undefined) return `its attribute ${index} does not fit`;
    attributes.push(attribute);
  }
  return attributes;
}

function attributeAt(bytes: Uint8Array, at: number, flags: number): XfsAttribute | undefined {
  const isLocal = (flags & localFlag) !== 0;
  const nameStart = at + (isLocal ? 3 : 9);
  if (nameStart > bytes.length) return undefined;
  const view = viewOf(bytes);
  const nameEnd = nameStart + bytes[nameStart - 1]!;
  const valueEnd = nameEnd + (isLocal ? view.getUint16(at) : 0);
  if (valueEnd > bytes.length) return undefined;
  const name = bytes.subarray(nameStart, nameEnd);
  if (isLocal) return { flags, name, value: bytes.subarray(nameEnd, valueEnd) };
  const remote = { fileBlock: view.getUint32(at), lengthBytes: view.getUint32(at + 4) };
  return { flags, name, remote };
}
