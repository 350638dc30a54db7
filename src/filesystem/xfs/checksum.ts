import { crc32c } from '../crc32c.ts';

const fieldBytes = 4;
const zeroes = new Uint8Array(fieldBytes);

/**
 * Whether the CRC-32C of a structure fits; the field itself counts as zeroes, and is the one little-endian number of XFS.
 * @param bytes - the whole structure; borrowed
 * @param fieldOffset - where the checksum lies in it, bytes
 * @source Linux fs/xfs/libxfs/xfs_cksum.h
 */
export function hasGoodChecksum(bytes: Uint8Array, fieldOffset: number): boolean {
  const stored =
    (bytes[fieldOffset]! |
      (bytes[fieldOffset + 1]! << 8) |
      (bytes[fieldOffset + 2]! << 16) |
      (bytes[fieldOffset + 3]! << 24)) >>>
    0;
  return stored === checksumOf(bytes, fieldOffset);
}

/**
 * The checksum that a structure should have.
 * @param bytes - the whole structure; borrowed
 * @param fieldOffset - where the checksum lies in it, bytes
 */
export function checksumOf(bytes: Uint8Array, fieldOffset: number): number {
  const before = crc32c(0xffffffff, bytes.subarray(0, fieldOffset));
  const field = crc32c(before, zeroes);
  return ~crc32c(field, bytes.subarray(fieldOffset + fieldBytes)) >>> 0;
}
