import type { Micros } from '../../base/clock.ts';
import { u32le } from '../integers.ts';

/** 1970-01-01 in units of 100 ns since 1601-01-01, as two halves. */
const epochHigh = 27_111_902;
const epochLow = 3_577_643_008;

/**
 * A time as NTFS keeps it: units of 100 ns since 1601-01-01, UTC.
 * @param bytes - structure that holds it; borrowed
 * @param at - where it begins, bytes
 * @returns rounded down to a microsecond; what microseconds cannot count exactly (before 1684, after 2255) is the nearest they can
 */
export function fileTime(bytes: Uint8Array, at: number): Micros {
  const high = u32le(bytes, at + 4) - epochHigh;
  const low = u32le(bytes, at) - epochLow;
  const tens = Math.floor(high / 10);
  const rest = high - 10 * tens;
  const micros = tens * 0x1_0000_0000 + Math.floor((rest * 0x1_0000_0000 + low) / 10);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(micros, Number.MAX_SAFE_INTEGER));
}
