// A file record: one entry of the master file table.
//
//   offset size field
//     0x00    4 "FILE"
//     0x04    4 update sequence: see fixups.ts
//     0x10    2 sequence number: how often the record was given away
//     0x12    2 names of the file
//     0x14    2 offset of the first attribute
//     0x16    2 flags: 1 in use, 2 directory
//     0x18    4 bytes used
//     0x20    8 reference to the base record; 0 in one

import { u16le, u32le } from '../integers.ts';
import { type Attribute, decodeAttribute } from './attribute.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { referenceRecord } from './file-reference.ts';
import { applyFixups } from './fixups.ts';

/** A file record, decoded. */
export interface FileRecord {
  /** Its place in the table. */
  readonly number: number;
  /** Where its first byte lies on the volume. */
  readonly offsetBytes: number;
  /** How often it was given away. */
  readonly sequence: number;
  readonly isInUse: boolean;
  readonly isDirectory: boolean;
  /** The record that this one extends; undefined for a base record. Record 0 has extensions too. */
  readonly base?: number | undefined;
  /** In the order in which they lie; their bytes are borrowed from the record. */
  readonly attributes: readonly Attribute[];
}

const endMark = 0xffff_ffff;
const shortestAttributeBytes = 0x18;
const headerBytes = 0x30;

/**
 * Whether bytes begin as a file record does; those that were never used are zeroes.
 * @param bytes - a record; borrowed
 */
export function isFileRecord(bytes: Uint8Array): boolean {
  return u32le(bytes, 0) === 0x454c_4946;
}

/** Bytes of a record that tell which file it is of. */
export const recordHeadBytes: number = 0x18;

/**
 * Whether a record is of another file than the one that a reference names, or of none.
 * @param head - the first bytes of the record, before fix-ups; borrowed
 * @param sequence - that of the reference
 * @returns no for a record that is damaged: nobody knows whose it is
 */
export function isOtherFile(head: Uint8Array, sequence: number): boolean {
  const isInUse = (u16le(head, 0x16) & 1) !== 0;
  return isFileRecord(head) && !(isInUse && u16le(head, 0x10) === sequence);
}

/**
 * How a record is called in messages.
 * @param number - its place in the table
 */
export function recordName(number: number): string {
  return `file record ${number}`;
}

/**
 * Decodes a record.
 * @param bytes - a whole record; its fix-ups are put in place, and the result borrows it
 * @param number - its place in the table
 * @param offsetBytes - where it lies on the volume
 * @throws FILE_SYSTEM_DAMAGED
 * @source Linux fs/ntfs3/ntfs.h, struct MFT_REC
 */
export function decodeFileRecord(
  bytes: Uint8Array,
  number: number,
  offsetBytes: number,
): FileRecord {
  const place: Place = { structure: recordName(number), offsetBytes };
  if (!isFileRecord(bytes)) throw ntfsDamage(place, 'it does not begin with "FILE"');
  const torn = applyFixups(bytes);
  if (torn !== undefined) throw ntfsDamage(place, torn);
  const flags = u16le(bytes, 0x16);
  const isInUse = (flags & 1) !== 0;
  return {
    number,
    offsetBytes,
    sequence: u16le(bytes, 0x10),
    isInUse,
    isDirectory: (flags & 2) !== 0,
    base: baseOf(bytes),
    attributes: isInUse ? decodeAttributes(bytes, place) : [],
  };
}

function baseOf(bytes: Uint8Array): number | undefined {
  const isBase = u32le(bytes, 0x20) === 0 && u32le(bytes, 0x24) === 0;
  return isBase ? undefined : referenceRecord(bytes, 0x20);
}

function decodeAttributes(bytes: Uint8Array, place: Place): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const end = Math.min(u32le(bytes, 0x18), bytes.length);
  let at = u16le(bytes, 0x14);
  if (at < headerBytes - 8 || at % 8 !== 0)
    throw ntfsDamage(place, `its attributes would begin at ${at}`);
  while (at + 4 <= end) {
    if (u32le(bytes, at) === endMark) return attributes;
    const length = u32le(bytes, at + 4);
    if (length < shortestAttributeBytes || length % 8 !== 0 || at + length > end) {
      throw ntfsDamage(place, `its attribute at ${at} would be ${length} bytes long`);
    }
    attributes.push(soundAttribute(bytes.subarray(at, at + length), at, place));
    at += length;
  }
  throw ntfsDamage(place, 'its attributes have no end');
}

function soundAttribute(bytes: Uint8Array, at: number, place: Place): Attribute {
  const attribute = decodeAttribute(bytes);
  if (typeof attribute !== 'string') return attribute;
  const structure = `${place.structure}, attribute of type 0x${u32le(bytes, 0).toString(16)}`;
  throw ntfsDamage({ structure, offsetBytes: place.offsetBytes + at }, attribute);
}
