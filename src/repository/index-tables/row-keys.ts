import type { Micros } from '../../base/clock.ts';

/**
 * Keys are big-endian, so that their order as bytes is their order as numbers. Times in the timeline are inverted, so
 * that the newest entry at or before a time is the first one at or after its key.
 */
const high = 2 ** 32;

/**
 * @param number - 0 to 2^32 − 1
 * @returns a key of 4 bytes
 */
export function keyOfNumber(number: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(number, 0);
  return key;
}

/**
 * @param row - number of a row of places, below 2^40
 * @returns a key of 6 bytes
 */
export function keyOfPlaceRow(row: number): Buffer {
  const key = Buffer.allocUnsafe(6);
  key.writeUIntBE(row, 0, 6);
  return key;
}

/**
 * @param number - of a machine or disk
 * @param timeMicros - microseconds
 * @returns a key of 12 bytes, ordered by time
 */
export function keyOfMoment(number: number, timeMicros: Micros): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUInt32BE(number, 0);
  writeTime(key, 4, timeMicros);
  return key;
}

/** Last moment that a key can hold: "for ever". */
export const momentMax: Micros = Number.MAX_SAFE_INTEGER;

/**
 * @param key - made by keyOfMoment
 * @returns the time, microseconds; not a safe integer if the key is broken
 */
export function momentOfKey(key: Uint8Array): Micros {
  return readTime(key, 4);
}

/**
 * @param key - any of these keys
 * @returns the number it begins with
 */
export function numberOfKey(key: Uint8Array): number {
  return readU32(key, 0);
}

/**
 * @param disk - number
 * @param region - number
 * @param timeMicros - microseconds
 * @returns a key of 16 bytes, newest first
 */
export function keyOfRegion(disk: number, region: number, timeMicros: Micros): Buffer {
  const key = Buffer.allocUnsafe(16);
  key.writeUInt32BE(disk, 0);
  key.writeUInt32BE(region, 4);
  key.writeUInt32BE(~Math.floor(timeMicros / high) >>> 0, 8);
  key.writeUInt32BE(~timeMicros >>> 0, 12);
  return key;
}

/**
 * @param disk - number
 * @param region - number
 * @returns a key before every entry of the region
 */
export function keyBeforeRegion(disk: number, region: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(disk, 0);
  key.writeUInt32BE(region, 4);
  return key;
}

/** What a timeline key says. */
export interface RegionKey {
  /** Number of the disk. */
  readonly disk: number;
  /** Number of the region. */
  readonly region: number;
  /** Time of the entry. */
  readonly timeMicros: Micros;
}

/**
 * @param key - 16 bytes
 * @returns its parts
 */
export function partsOfRegionKey(key: Uint8Array): RegionKey {
  const timeHigh = ~readU32(key, 8) >>> 0;
  const timeLow = ~readU32(key, 12) >>> 0;
  return {
    disk: readU32(key, 0),
    region: readU32(key, 4),
    timeMicros: timeHigh * high + timeLow,
  };
}

function writeTime(key: Buffer, at: number, timeMicros: Micros): void {
  key.writeUInt32BE(Math.floor(timeMicros / high), at);
  key.writeUInt32BE(timeMicros % high, at + 4);
}

function readTime(key: Uint8Array, at: number): Micros {
  return readU32(key, at) * high + readU32(key, at + 4);
}

function readU32(key: Uint8Array, at: number): number {
  return ((key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!) >>> 0;
}
