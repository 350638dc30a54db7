import { dosMicros } from '../dos-time.ts';
import { u16le, u32le, u64le } from '../integers.ts';

/** Bytes of an entry. */
export const entryBytes = 32;

/** Types of entries; without bit 7 they are not in use. */
export const entryType: {
  readonly bitmap: number;
  readonly upCase: number;
  readonly label: number;
  readonly file: number;
  readonly stream: number;
  readonly name: number;
} = { bitmap: 0x81, upCase: 0x82, label: 0x83, file: 0x85, stream: 0xc0, name: 0xc1 };

/** Entries behind that of a file: at least stream and name, at most 18. */
export const secondaryCount: { readonly min: number; readonly max: number } = { min: 2, max: 18 };

/** Units of a name in one entry. */
const unitsPerEntry = 15;

/**
 * Checksum of a set of entries; its own field is left out.
 * @param entries - the file entry first
 * @source Microsoft exFAT specification, §6.3.3
 */
export function setChecksum(entries: readonly Uint8Array[]): number {
  let sum = 0;
  for (const [number, entry] of entries.entries()) {
    for (let index = 0; index < entryBytes; index += 1) {
      if (number === 0 && (index === 2 || index === 3)) continue;
      sum = (((sum & 1) << 15) + (sum >> 1) + entry[index]!) & 0xffff;
    }
  }
  return sum;
}

/** What the stream entry says of the content. */
export interface StreamEntry {
  /** Length of the name, UTF-16 units. */
  readonly nameLength: number;
  /** Whether the clusters follow each other and the table says nothing of them. */
  readonly isContiguous: boolean;
  /** First cluster; 0 for none. */
  readonly firstCluster: number;
  /** Length, bytes; inexact above 2^53. */
  readonly sizeBytes: number;
  /** How much of it was ever written, bytes; the rest reads as zeroes. */
  readonly validBytes: number;
}

/**
 * Decodes a stream entry.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | 0xc0 |
 * | 1 | 1 | bit 0: it may have clusters, bit 1: they follow each other |
 * | 3 | 1 | units of the name |
 * | 4 | 2 | hash of the name |
 * | 8 | 8 | bytes that were written |
 * | 20 | 4 | first cluster |
 * | 24 | 8 | bytes |
 * @param entry - 32 bytes
 * @source Microsoft exFAT specification, §7.6
 */
export function decodeStream(entry: Uint8Array): StreamEntry {
  const flags = entry[1]!;
  return {
    nameLength: entry[3]!,
    isContiguous: (flags & 2) !== 0,
    firstCluster: (flags & 1) === 0 ? 0 : u32le(entry, 20),
    validBytes: u64le(entry, 8),
    sizeBytes: u64le(entry, 24),
  };
}

/**
 * The name: 15 units in each name entry, from offset 2.
 * @param entries - the name entries in order
 * @param length - units in all
 */
export function nameOf(entries: readonly Uint8Array[], length: number): string {
  let name = '';
  for (const entry of entries) {
    if (entry[0] !== entryType.name) break;
    for (let unit = 0; unit < unitsPerEntry && name.length < length; unit += 1) {
      name += String.fromCharCode(u16le(entry, 2 + unit * 2));
    }
  }
  return name;
}

/** When things happened to a file, microseconds. */
export interface ExfatTimes {
  readonly modifiedMicros: number;
  readonly accessedMicros: number;
  readonly createdMicros: number;
}

/**
 * The times of a file entry: 8 made, 12 written, 16 read (time, then date); 20, 21 hundredths; 22 … 24 offsets from UTC.
 * @param entry - 32 bytes
 * @source Microsoft exFAT specification, §7.4
 */
export function timesOf(entry: Uint8Array): ExfatTimes {
  return {
    createdMicros: moment(entry, 8, entry[20]!, entry[22]!),
    modifiedMicros: moment(entry, 12, entry[21]!, entry[23]!),
    accessedMicros: moment(entry, 16, 0, entry[24]!),
  };
}

/** A moment and its offset from UTC: bit 7 says that it counts, the rest are quarters of an hour, signed. */
function moment(entry: Uint8Array, at: number, centiseconds: number, offset: number): number {
  const local = dosMicros(u16le(entry, at + 2), u16le(entry, at), centiseconds);
  if ((offset & 0x80) === 0 || local === 0) return local;
  const quarters = (offset & 0x40) === 0 ? offset & 0x7f : (offset & 0x7f) - 0x80;
  return local - quarters * 15 * 60 * 1_000_000;
}
