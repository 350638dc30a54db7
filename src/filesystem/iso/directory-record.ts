import type { Micros } from '../../base/clock.ts';
import { u32le } from '../integers.ts';

/** Bytes of a record before its name. */
const fixedBytes = 33;

/** One record of a directory. */
export interface DirectoryRecord {
  /** First block of the extent, behind its extended attributes. */
  readonly block: number;
  /** Length of the extent, bytes. */
  readonly sizeBytes: number;
  /** When it was recorded. */
  readonly recordedMicros: Micros;
  readonly isHidden: boolean;
  readonly isDirectory: boolean;
  /** Whether it belongs to another file, as a resource fork of old Macintosh systems. */
  readonly isAssociated: boolean;
  /** Whether the file goes on in the next record. */
  readonly hasMore: boolean;
  /** Whether its blocks are spread between those of other files. */
  readonly isInterleaved: boolean;
  /** Name as it is stored; one byte 0 is the directory itself, 1 the one above. Borrowed. */
  readonly name: Uint8Array;
  /** What extensions wrote behind the name. Borrowed. */
  readonly systemUse: Uint8Array;
}

/**
 * Decodes a record.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | length of the record |
 * | 1 | 1 | blocks of extended attributes |
 * | 2 | 8 | first block, in both byte orders |
 * | 10 | 8 | length of the extent, in both byte orders |
 * | 18 | 7 | when it was recorded |
 * | 25 | 1 | 1 hidden, 2 directory, 4 associated, 128 goes on |
 * | 26, 27 | 1, 1 | unit and gap when interleaved |
 * | 32 | 1 | length of the name |
 * | 33 | | name, a pad to an even offset, system use |
 * @param bytes - from the record's first byte to the end of its sector; borrowed
 * @returns undefined when it contradicts itself
 * @source ECMA-119, §9.1
 */
export function decodeRecord(bytes: Uint8Array): DirectoryRecord | undefined {
  const recordBytes = bytes[0] ?? 0;
  if (recordBytes <= fixedBytes || recordBytes > bytes.length) return undefined;
  const nameBytes = bytes[32]!;
  const nameEnd = fixedBytes + nameBytes;
  if (nameBytes === 0 || nameEnd > recordBytes) return undefined;
  const flags = bytes[25]!;
  return {
    block: u32le(bytes, 2) + bytes[1]!,
    sizeBytes: u32le(bytes, 10),
    recordedMicros: shortTime(bytes.subarray(18, 25)),
    isHidden: (flags & 1) !== 0,
    isDirectory: (flags & 2) !== 0,
    isAssociated: (flags & 4) !== 0,
    hasMore: (flags & 128) !== 0,
    isInterleaved: bytes[26] !== 0 || bytes[27] !== 0,
    name: bytes.subarray(fixedBytes, nameEnd),
    systemUse: bytes.subarray(Math.min(nameEnd + ((nameBytes + 1) % 2), recordBytes), recordBytes),
  };
}

/** Quarters of an hour from UTC, signed. */
const quarterMicros = 15 * 60 * 1_000_000;

/**
 * A moment in seven bytes: years from 1900, month, day, hour, minute, second, quarters of an hour from UTC.
 * @param bytes - borrowed
 * @returns 0 for what is no date
 * @source ECMA-119, §9.1.5
 */
export function shortTime(bytes: Uint8Array): Micros {
  const [year, month, day, hour, minute, second, zone] = bytes as unknown as number[];
  if (month! < 1 || month! > 12 || day === 0) return 0;
  const local = Date.UTC(1900 + year!, month! - 1, day, hour, minute, second);
  return local * 1000 - signed(zone!) * quarterMicros;
}

/**
 * A moment in 17 bytes: 16 digits to the hundredth of a second, quarters of an hour from UTC.
 * @param bytes - borrowed
 * @returns 0 for what is no date
 * @source ECMA-119, §8.4.26.1
 */
export function longTime(bytes: Uint8Array): Micros {
  const digits = String.fromCharCode(...bytes.subarray(0, 16));
  if (!/^\d{16}$/.test(digits)) return 0;
  const at = (from: number, to: number): number => Number(digits.slice(from, to));
  if (at(4, 6) === 0 || at(4, 6) > 12) return 0;
  const local = Date.UTC(at(0, 4), at(4, 6) - 1, at(6, 8), at(8, 10), at(10, 12), at(12, 14));
  return local * 1000 + at(14, 16) * 10_000 - signed(bytes[16]!) * quarterMicros;
}

function signed(byte: number): number {
  return byte >= 0x80 ? byte - 0x100 : byte;
}
