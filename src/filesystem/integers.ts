/**
 * Numbers in bytes from a disk. None of these checks that the bytes are there: whoever decodes a structure has made sure of its
 * length first. 64-bit numbers above 2^53 come out inexact, so a place or size must pass Number.isSafeInteger before it is used.
 */

/**
 * Unsigned 16 bits, little-endian.
 * @param bytes - borrowed
 * @param at - index of the first of 2 bytes
 */
export function u16le(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

/**
 * Unsigned 32 bits, little-endian.
 * @param bytes - borrowed
 * @param at - index of the first of 4 bytes
 */
export function u32le(bytes: Uint8Array, at: number): number {
  return (u16le(bytes, at) | (u16le(bytes, at + 2) << 16)) >>> 0;
}

/**
 * Unsigned 64 bits, little-endian, inexact above 2^53.
 * @param bytes - borrowed
 * @param at - index of the first of 8 bytes
 */
export function u64le(bytes: Uint8Array, at: number): number {
  return u32le(bytes, at) + u32le(bytes, at + 4) * 2 ** 32;
}

/**
 * Unsigned 16 bits, big-endian.
 * @param bytes - borrowed
 * @param at - index of the first of 2 bytes
 */
export function u16be(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/**
 * Unsigned 32 bits, big-endian.
 * @param bytes - borrowed
 * @param at - index of the first of 4 bytes
 */
export function u32be(bytes: Uint8Array, at: number): number {
  return ((u16be(bytes, at) << 16) | u16be(bytes, at + 2)) >>> 0;
}

/**
 * Unsigned 64 bits, big-endian, inexact above 2^53.
 * @param bytes - borrowed
 * @param at - index of the first of 8 bytes
 */
export function u64be(bytes: Uint8Array, at: number): number {
  return u32be(bytes, at) * 2 ** 32 + u32be(bytes, at + 4);
}
