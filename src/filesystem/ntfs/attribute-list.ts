// The attribute $ATTRIBUTE_LIST: where the attributes of a file lie that did not fit into its base record.
//
//   offset size field
//     0x00    4 type of the attribute
//     0x04    2 length of the entry
//     0x06    1 length of the name, units
//     0x07    1 offset of the name
//     0x08    8 first cluster of the piece within the stream
//     0x10    8 reference to the record that holds it
//     0x18    2 number of the attribute
import type { Awaitable } from '../../disk/disk.ts';
import { u16le, u32le, u64le } from '../integers.ts';
import { type Attribute, attributeType } from './attribute.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { referenceRecord } from './file-reference.ts';
import { attributeListBytesMax } from './limits.ts';
import { gatherStream, streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** One entry of an attribute list. */
export interface ListedAttribute {
  /** See attributeType. */
  readonly type: number;
  /** First cluster of the piece within the stream. */
  readonly startCluster: number;
  /** Record that holds it. */
  readonly record: number;
  readonly isNamed: boolean;
}

const entryBytesMin = 0x1a;

/**
 * Reads the attribute list of a file.
 * @param volume - where it lies
 * @param attributes - those of the base record
 * @param place - the file
 * @returns undefined when it has none and needs none
 * @throws FILE_SYSTEM_DAMAGED
 */
export function readAttributeList(
  volume: NtfsVolume,
  attributes: readonly Attribute[],
  place: Place,
): Awaitable<readonly ListedAttribute[]> | undefined {
  const listName = { type: attributeType.attributeList, name: '' };
  const list = gatherStream(volume, attributes, listName, place);
  if (list === undefined) return undefined;
  const { sizeBytes } = list;
  if (sizeBytes > attributeListBytesMax) throw ntfsDamage(list.place, `it has ${sizeBytes} bytes`);
  const bytes = streamBytes(volume, list, { offsetBytes: 0, lengthBytes: sizeBytes });
  if (bytes instanceof Promise) return bytes.then((read) => soundList(read, list.place));
  return soundList(bytes, list.place);
}

function soundList(bytes: Uint8Array, place: Place): readonly ListedAttribute[] {
  const entries = decodeAttributeList(bytes);
  if (typeof entries === 'string') throw ntfsDamage(place, entries);
  return entries;
}

/**
 * Decodes an attribute list.
 * @param bytes - its value; borrowed
 * @returns the entries; what is wrong when it contradicts itself
 * @source Linux fs/ntfs3/ntfs.h, struct ATTR_LIST_ENTRY
 */
export function decodeAttributeList(bytes: Uint8Array): readonly ListedAttribute[] | string {
  const entries: ListedAttribute[] = [];
  for (let at = 0; at + entryBytesMin <= bytes.length; ) {
    const length = u16le(bytes, at + 4);
    if (length < entryBytesMin || length % 8 !== 0 || at + length > bytes.length) {
      return `its entry at ${at} would be ${length} bytes long`;
    }
    entries.push({
      type: u32le(bytes, at),
      startCluster: u64le(bytes, at + 8),
      record: referenceRecord(bytes, at + 0x10),
      isNamed: bytes[at + 6] !== 0,
    });
    at += length;
  }
  return entries;
}
