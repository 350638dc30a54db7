import { crc32c } from '../crc32c.ts';

/**
 * Checksums over metadata: CRC-32C without inversions, begun with a seed of the file system, to which each structure adds what
 * names it, so that a sound structure in a wrong place is found too.
 * @source kernel: Documentation/filesystems/ext4/checksums.rst
 */

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);
const zeroes = new Uint8Array(4);

/**
 * Takes a 32-bit number into a checksum.
 * @param state - checksum so far
 * @param value - unsigned 32 bits, taken little-endian
 */
export function checksumOfNumber(state: number, value: number): number {
  scratchView.setUint32(0, value, true);
  return crc32c(state, scratch.subarray(0, 4));
}

/**
 * Takes a block number into a checksum, as 64 bits.
 * @param state - checksum so far
 * @param value - safe integer, taken little-endian
 */
export function checksumOfBlockNumber(state: number, value: number): number {
  scratchView.setUint32(0, value % 2 ** 32, true);
  scratchView.setUint32(4, Math.floor(value / 2 ** 32), true);
  return crc32c(state, scratch);
}

/**
 * Takes bytes into a checksum as if a field among them, the one that holds the checksum, were zero.
 * @param state - checksum so far
 * @param bytes - borrowed
 * @param field - where it lies: index of its first byte, and its length, up to 4 bytes
 */
export function checksumWithout(
  state: number,
  bytes: Uint8Array,
  field: { readonly at: number; readonly lengthBytes: number },
): number {
  const before = crc32c(state, bytes.subarray(0, field.at));
  const within = crc32c(before, zeroes.subarray(0, field.lengthBytes));
  return crc32c(within, bytes.subarray(field.at + field.lengthBytes));
}

/**
 * Takes bytes into a CRC-16 as group descriptors of file systems without CRC-32C have it.
 * @source kernel: lib/crc/crc16.c
 * @param state - register so far, unsigned 16 bits
 * @param bytes - borrowed
 */
export function crc16(state: number, bytes: Uint8Array): number {
  let crc = state;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
