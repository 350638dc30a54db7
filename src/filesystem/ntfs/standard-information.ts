// The attribute $STANDARD_INFORMATION: what DOS knew of a file, and later additions.
//
//   offset size field
//     0x00    8 made
//     0x08    8 content changed
//     0x10    8 status changed
//     0x18    8 read
//     0x20    4 flags
//     0x34    4 number of the security descriptor (since NTFS 3.0)
import type { Micros } from '../../base/clock.ts';
import { u32le } from '../integers.ts';
import { fileTime } from './file-time.ts';

/** Bits of a file's flags that decide how it is read. */
export const fileFlag = {
  system: 0x4,
  directoryInName: 0x1000_0000,
  reparsePoint: 0x400,
  offline: 0x1000,
  recallOnOpen: 0x4_0000,
  recallOnDataAccess: 0x40_0000,
} as const;

/** What $STANDARD_INFORMATION says. */
export interface StandardInformation {
  readonly createdMicros: Micros;
  readonly modifiedMicros: Micros;
  readonly changedMicros: Micros;
  readonly accessedMicros: Micros;
  /** DOS and Windows flags. */
  readonly flags: number;
  /** Number of the security descriptor in $Secure; 0 when the record holds its own. */
  readonly securityId: number;
}

const shortBytes = 0x24;
const longBytes = 0x48;

/**
 * Decodes the attribute.
 * @param bytes - its value; borrowed
 * @returns undefined when it is cut off
 * @source Linux fs/ntfs3/ntfs.h, struct ATTR_STD_INFO5
 */
export function decodeStandardInformation(bytes: Uint8Array): StandardInformation | undefined {
  if (bytes.length < shortBytes) return undefined;
  return {
    createdMicros: fileTime(bytes, 0),
    modifiedMicros: fileTime(bytes, 0x08),
    changedMicros: fileTime(bytes, 0x10),
    accessedMicros: fileTime(bytes, 0x18),
    flags: u32le(bytes, 0x20),
    securityId: bytes.length >= longBytes ? u32le(bytes, 0x34) : 0,
  };
}

const flagNames: readonly (readonly [number, string])[] = [
  [0x1, 'read-only'],
  [0x2, 'hidden'],
  [0x4, 'system'],
  [0x20, 'archive'],
  [0x100, 'temporary'],
  [0x200, 'sparse'],
  [0x800, 'compressed'],
  [0x1000, 'offline'],
  [0x2000, 'not-indexed'],
  [0x4000, 'encrypted'],
];
const namesKnown = new Map<number, readonly string[]>();
const namedBits = flagNames.reduce((bits, [bit]) => bits | bit, 0);

/**
 * The words for a file's flags.
 * @param flags - of $STANDARD_INFORMATION
 * @returns words; the same array for the same flags, so that a walk makes none
 */
export function fileFlagNames(flags: number): readonly string[] {
  const known = namesKnown.get(flags & namedBits);
  if (known !== undefined) return known;
  const names = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  namesKnown.set(flags & namedBits, names);
  return names;
}
