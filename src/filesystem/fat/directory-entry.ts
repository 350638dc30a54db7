import { dosMicros } from '../dos-time.ts';
import { u16le, u32le } from '../integers.ts';
import { decodeCodePage437 } from './code-page-437.ts';

/** Bytes of an entry. */
export const entryBytes = 32;

/** Bits of the attribute byte that decide what an entry is. */
export const attribute: {
  readonly label: number;
  readonly directory: number;
  readonly longName: number;
} = { label: 0x08, directory: 0x10, longName: 0x0f };

/** First byte of an entry that ends the directory, and of one that was deleted. */
export const entryMark: { readonly end: number; readonly deleted: number } = {
  end: 0,
  deleted: 0xe5,
};

/**
 * Whether an entry is a file or directory: not free, not a label, not part of a long name.
 * @param entry - 32 bytes
 */
export function isFileEntry(entry: Uint8Array): boolean {
  const [first] = entry;
  return (
    first !== entryMark.end && first !== entryMark.deleted && (entry[11]! & attribute.label) === 0
  );
}

/**
 * The short name as it is shown.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 + 3 | name and extension, padded with spaces; 0x05 stands for 0xe5 at the beginning |
 * | 11 | 1 | attributes |
 * | 12 | 1 | bit 3: the name is in lower case, bit 4: the extension |
 * | 13 | 1 | hundredths of a second of its making |
 * | 14, 16 | 2, 2 | time and date of its making |
 * | 18 | 2 | date of the last access |
 * | 20 | 2 | upper half of the first cluster (FAT32) |
 * | 22, 24 | 2, 2 | time and date of the last write |
 * | 26 | 2 | first cluster |
 * | 28 | 4 | size |
 * @param entry - 32 bytes
 * @source Microsoft FAT specification (fatgen103), "FAT Directory Structure"
 */
export function shortName(entry: Uint8Array): string {
  const bytes = Uint8Array.from(entry.subarray(0, 11));
  if (bytes[0] === 0x05) bytes[0] = 0xe5;
  const flags = entry[12]!;
  const name = part(bytes.subarray(0, 8), (flags & 0x08) !== 0);
  const extension = part(bytes.subarray(8), (flags & 0x10) !== 0);
  return extension === '' ? name : `${name}.${extension}`;
}

/**
 * Text padded with spaces.
 * @param bytes - in code page 437
 * @param isLower - whether it is shown in lower case
 */
export function part(bytes: Uint8Array, isLower = false): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x20) end -= 1;
  const text = decodeCodePage437(bytes.subarray(0, end));
  return isLower ? text.toLowerCase() : text;
}

/**
 * First cluster of the content; 0 for none.
 * @param entry - 32 bytes
 * @param isFat32 - whether the upper half counts
 */
export function firstCluster(entry: Uint8Array, isFat32: boolean): number {
  return (isFat32 ? (u16le(entry, 20) & 0x0fff) * 0x10000 : 0) + u16le(entry, 26);
}

/**
 * Size of the content, bytes; 0 for directories.
 * @param entry - 32 bytes
 */
export function sizeOf(entry: Uint8Array): number {
  return u32le(entry, 28);
}

/** When things happened to a file, microseconds. */
export interface EntryTimes {
  readonly modifiedMicros: number;
  readonly accessedMicros: number;
  readonly createdMicros: number;
}

/**
 * Its times, taken as UTC; 0 where one is not kept.
 * @param entry - 32 bytes
 */
export function timesOf(entry: Uint8Array): EntryTimes {
  return {
    modifiedMicros: dosMicros(u16le(entry, 24), u16le(entry, 22)),
    accessedMicros: dosMicros(u16le(entry, 18), 0),
    createdMicros: dosMicros(u16le(entry, 16), u16le(entry, 14), entry[13]),
  };
}
