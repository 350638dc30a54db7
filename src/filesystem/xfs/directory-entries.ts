import { unsigned64, viewOf } from './big-endian.ts';

/** A name as a directory holds it. */
export interface XfsEntry {
  /** Bytes of the name; borrowed. */
  readonly name: Uint8Array;
  /** Number of the inode that it names. */
  readonly inode: number;
  /** Type of file, 1 … 8; 0 where the directory does not say. */
  readonly type: number;
}

const headerBytes4 = 16;
const headerBytes5 = 64;
const freeTag = 0xffff;
const magics = {
  block: [0x58443242, 0x58444233], // XD2B, XDB3
  data: [0x58443244, 0x58444433], // XD2D, XDD3
};

/** How entries are kept in a file system. */
export interface EntryForm {
  readonly isVersion5: boolean;
  readonly hasFileTypes: boolean;
}

/** The frame of a block of names. */
export interface DataFrame {
  /** Whether it is a whole directory: the index lies in its tail. */
  readonly isWhole: boolean;
  /** Where the first entry lies, bytes. */
  readonly start: number;
  /** Where entries end, bytes; there the index of a whole directory begins. */
  readonly end: number;
  /** Entries of that index. */
  readonly indexCount: number;
}

/**
 * Decodes a directory that lies in its inode: count 1, count of numbers with 8 bytes 1, parent 4 or 8, then for each entry length 1,
 * offset 2, name, type 0 or 1, inode 4 or 8.
 * @param bytes - the data fork of the inode; borrowed, and lent on in the names
 * @param form - see EntryForm
 * @returns a reason when it contradicts itself
 * @source XFS Algorithms & Data Structures, "Short Form Directories"; Linux fs/xfs/libxfs/xfs_da_format.h, struct xfs_dir2_sf_hdr
 */
export function decodeShortDirectory(
  bytes: Uint8Array,
  form: EntryForm,
): readonly XfsEntry[] | string {
  if (bytes.length < 6) return 'it has no place for a directory';
  const view = viewOf(bytes);
  const isWide = bytes[1]! > 0;
  const inodeBytes = isWide ? 8 : 4;
  const typeBytes = form.hasFileTypes ? 1 : 0;
  const entries: XfsEntry[] = [];
  let at = 2 + inodeBytes;
  for (let index = 0; index < bytes[0]!; index += 1) {
    const nameEnd = at + 3 + (bytes[at] ?? 0);
    const end = nameEnd + typeBytes + inodeBytes;
    if (end > bytes.length || nameEnd === at + 3) return `its entry ${index} does not fit`;
    const inodeAt = nameEnd + typeBytes;
    entries.push({
      name: bytes.subarray(at + 3, nameEnd),
      type: form.hasFileTypes ? bytes[nameEnd]! : 0,
      inode: isWide ? unsigned64(view, inodeAt) : view.getUint32(inodeAt),
    });
    at = end;
  }
  return entries;
}

/**
 * Looks at the frame of a block of names: magic 4; in version 5 CRC-32C 4, own place 8, log sequence number 8, UUID 16, owner 8; then
 * the three largest gaps 4 each. A whole directory ends with its index, whose count 4 and gaps 4 are the last bytes.
 * @param bytes - the block; borrowed
 * @param form - see EntryForm
 * @param owner - inode it must belong to
 * @returns a reason when it is no such block
 * @source XFS Algorithms & Data Structures, "Block Directories"; Linux fs/xfs/libxfs/xfs_da_format.h, struct xfs_dir3_data_hdr
 */
export function frameOf(bytes: Uint8Array, form: EntryForm, owner: number): DataFrame | string {
  const view = viewOf(bytes);
  const version = form.isVersion5 ? 1 : 0;
  const isWhole = view.getUint32(0) === magics.block[version];
  if (!isWhole && view.getUint32(0) !== magics.data[version])
    return 'it does not begin as a block of names';
  if (form.isVersion5 && unsigned64(view, 40) !== owner)
    return `it says that it belongs to inode ${unsigned64(view, 40)}`;
  const start = form.isVersion5 ? headerBytes5 : headerBytes4;
  if (!isWhole) return { isWhole, start, end: bytes.length, indexCount: 0 };
  const indexCount = view.getUint32(bytes.length - 8);
  const end = bytes.length - 8 - indexCount * 8;
  return end < start ? `its index has ${indexCount} entries` : { isWhole, start, end, indexCount };
}

/**
 * Decodes the names of a block, "." and ".." among them.
 * @param bytes - the block; borrowed, and lent on in the names
 * @param form - see EntryForm
 * @param frame - from `frameOf`
 * @returns a reason when it contradicts itself
 */
export function decodeDataEntries(
  bytes: Uint8Array,
  form: EntryForm,
  frame: DataFrame,
): readonly XfsEntry[] | string {
  const view = viewOf(bytes);
  const entries: XfsEntry[] = [];
  for (let at = frame.start; at < frame.end; ) {
    if (at + 8 > frame.end) return 'its last entry does not fit';
    if (view.getUint16(at) === freeTag) {
      const length = view.getUint16(at + 2);
      if (length === 0 || length % 8 !== 0) return `it has a gap of ${length} bytes`;
      at += length;
      continue;
    }
    const entry = entryAt(bytes, form, at);
    if (entry === undefined || at + entryBytes(entry, form) > frame.end)
      return `its entry at ${at} does not fit`;
    entries.push(entry);
    at += entryBytes(entry, form);
  }
  return entries;
}

/**
 * Decodes one entry: inode 8, length 1, name, type 0 or 1, padding, own offset 2; together a multiple of 8.
 * @param bytes - the block; borrowed, and lent on in the name
 * @param form - see EntryForm
 * @param at - where the entry begins in it, bytes
 * @returns undefined when there can be none
 */
export function entryAt(bytes: Uint8Array, form: EntryForm, at: number): XfsEntry | undefined {
  if (at + 12 > bytes.length) return undefined;
  const nameEnd = at + 9 + bytes[at + 8]!;
  if (nameEnd === at + 9 || nameEnd + 1 > bytes.length) return undefined;
  return {
    inode: unsigned64(viewOf(bytes), at),
    name: bytes.subarray(at + 9, nameEnd),
    type: form.hasFileTypes ? bytes[nameEnd]! : 0,
  };
}

function entryBytes(entry: XfsEntry, form: EntryForm): number {
  const plain = 9 + entry.name.length + (form.hasFileTypes ? 1 : 0) + 2;
  return Math.ceil(plain / 8) * 8;
}
