import { crc32c } from '../crc32c.ts';
import { u16le, u32le } from '../integers.ts';

/**
 * A block of a directory: entries that fill it without a gap. Little-endian, each padded to 4 bytes:
 *
 *   offset size field
 *        0    4 inode, 0 when the entry is unused
 *        4    2 length of the entry, up to the next
 *        6    1 length of the name
 *        7    1 kind of file: 1 file, 2 directory, 3 character device, 4 block device, 5 pipe, 6 socket, 7 link; before the
 *               feature "filetype" the high half of the length of the name
 *        8      name
 *
 * With checksums the last 12 bytes look like an unused entry of kind 0xde, and end with the checksum. In a block of 64 KiB a length
 * of 0 or 65535 means the whole block.
 * @source kernel: fs/ext4/ext4.h, struct ext4_dir_entry_2 and ext4_rec_len_from_disk; Documentation/filesystems/ext4/directory.rst
 */
export interface RawEntry {
  /** Its number. */
  readonly inode: number;
  /** As it is stored; 0 when the directory does not say. */
  readonly fileType: number;
  /** As it is stored; borrowed. */
  readonly name: Uint8Array;
}

/** A part of a directory that is full of entries. */
export interface EntryRegion {
  /** Borrowed. */
  readonly bytes: Uint8Array;
  /** Whether entries say what kind of file they name. */
  readonly hasFileTypes: boolean;
}

const headBytes = 8;
const tailBytes = 12;
const tailType = 0xde;

/**
 * Decodes the entries of a part of a directory; those that are unused, "." and ".." are left out.
 * @param region - see EntryRegion
 * @returns the entries, or what is wrong with them as the end of a sentence
 */
export function decodeEntries({ bytes, hasFileTypes }: EntryRegion): RawEntry[] | string {
  const found: RawEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + headBytes > bytes.length ? 0 : entryLength(bytes, at);
    if (length < headBytes || length % 4 !== 0 || at + length > bytes.length) {
      return `the length of the entry at ${at} is impossible`;
    }
    const inode = u32le(bytes, at);
    const nameBytes = hasFileTypes ? bytes[at + 6]! : u16le(bytes, at + 6);
    if (inode !== 0) {
      if (nameBytes === 0 || headBytes + nameBytes > length) {
        return `the name of the entry at ${at} does not fit`;
      }
      const name = bytes.subarray(at + headBytes, at + headBytes + nameBytes);
      const fileType = hasFileTypes ? bytes[at + 7]! & 0xf : 0;
      if (!isDots(name)) found.push({ inode, fileType, name });
    }
    at += length;
  }
  return found;
}

function entryLength(bytes: Uint8Array, at: number): number {
  const stored = u16le(bytes, at + 4);
  if (bytes.length < 65_536) return stored;
  if (stored === 65_535 || stored === 0) return 65_536;
  return (stored & 65_532) | ((stored & 3) << 16);
}

function isDots(name: Uint8Array): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}

/**
 * Whether the checksum at the end of a block of entries fits.
 * @param bytes - the block; borrowed
 * @param seed - state of the checksum that the inode gives
 */
export function isEntryBlockSound(bytes: Uint8Array, seed: number): boolean {
  const at = bytes.length - tailBytes;
  const hasTail =
    u32le(bytes, at) === 0 && u16le(bytes, at + 4) === tailBytes && bytes[at + 7] === tailType;
  return hasTail && crc32c(seed, bytes.subarray(0, at)) === u32le(bytes, at + 8);
}
