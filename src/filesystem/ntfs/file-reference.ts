import { u16le, u32le } from '../integers.ts';

/**
 * The record number of a file reference: its lower 48 bits.
 * @param bytes - structure; borrowed
 * @param at - where the reference begins, bytes
 */
export function referenceRecord(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at + 4) * 2 ** 32 + u32le(bytes, at);
}

/**
 * The sequence number of a file reference: its upper 16 bits.
 * @param bytes - structure; borrowed
 * @param at - where the reference begins, bytes
 */
export function referenceSequence(bytes: Uint8Array, at: number): number {
  return u16le(bytes, at + 6);
}
