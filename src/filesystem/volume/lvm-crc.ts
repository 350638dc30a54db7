import { crc32 } from 'node:zlib';

/** What LVM starts its checksums from. */
const seed = 0xf597a6cf;

/**
 * LVM's checksum: the common CRC-32 from a start of its own, and without the inversions.
 * @param bytes - any length
 * @source lvm2, lib/misc/crc.c
 */
export function lvmCrc(bytes: Uint8Array): number {
  return ~crc32(bytes, ~seed >>> 0) >>> 0;
}
