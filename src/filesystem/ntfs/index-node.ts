// A node of an index: entries in ascending order, each with the block of those before it where there are such. The root lies in the
// attribute $INDEX_ROOT (node header at 0x10), the blocks in $INDEX_ALLOCATION ("INDX", node header at 0x18).
//
//   node header:                                       entry:
//     0x00    4 offset of the first entry                0x00    8 file reference; or offset and length of data
//     0x04    4 offset behind the last one               0x08    2 length of the entry
//     0x08    4 room for entries                         0x0a    2 length of the key
//     0x0c    1 1 when there are blocks below            0x0c    2 flags: 1 has a block below, 2 last
//   block:                                               0x10      key
//     0x00    4 "INDX"                                    −8    8 number of the block below
//     0x04    4 update sequence
//     0x10    8 its own number

import { u16le, u32le, u64le } from '../integers.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { referenceRecord, referenceSequence } from './file-reference.ts';
import { applyFixups } from './fixups.ts';

/** One entry of an index. */
export interface IndexEntry {
  /** Record of the file, where the index is of names. */
  readonly record: number;
  /** Sequence number that the file's record must have. */
  readonly sequence: number;
  /** Empty in the last entry of a node; borrowed. */
  readonly key: Uint8Array;
  /** The whole entry; borrowed. */
  readonly bytes: Uint8Array;
  /** Number of the block whose entries come before this one. */
  readonly child?: number | undefined;
  readonly isLast: boolean;
}

const rootHeaderAt = 0x10;
const blockHeaderAt = 0x18;
const headerBytes = 0x10;
const entryHeaderBytes = 0x10;

/** What the root of an index says. */
export interface IndexRoot {
  /** Length of a block, bytes. */
  readonly blockBytes: number;
  readonly entries: readonly IndexEntry[];
}

/**
 * Decodes the root of an index.
 * @param bytes - value of $INDEX_ROOT; borrowed by the result
 * @param place - for messages
 * @throws FILE_SYSTEM_DAMAGED
 * @source Linux fs/ntfs3/ntfs.h, struct INDEX_ROOT
 */
export function decodeIndexRoot(bytes: Uint8Array, place: Place): IndexRoot {
  if (bytes.length < rootHeaderAt + headerBytes) throw ntfsDamage(place, 'it is cut off');
  return { blockBytes: u32le(bytes, 8), entries: decodeEntries(bytes, rootHeaderAt, place) };
}

/** A block of an index, decoded. */
export interface IndexBlock {
  /** The number it gives itself. */
  readonly number: number;
  readonly entries: readonly IndexEntry[];
}

/**
 * Decodes a block of an index.
 * @param bytes - a whole block; its fix-ups are put in place, and the result borrows it
 * @param place - for messages
 * @throws FILE_SYSTEM_DAMAGED
 * @source Linux fs/ntfs3/ntfs.h, struct INDEX_BUFFER
 */
export function decodeIndexBlock(bytes: Uint8Array, place: Place): IndexBlock {
  if (u32le(bytes, 0) !== 0x5844_4e49) throw ntfsDamage(place, 'it does not begin with "INDX"');
  const torn = applyFixups(bytes);
  if (torn !== undefined) throw ntfsDamage(place, torn);
  return { number: u64le(bytes, 0x10), entries: decodeEntries(bytes, blockHeaderAt, place) };
}

function decodeEntries(bytes: Uint8Array, headerAt: number, place: Place): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  const end = Math.min(headerAt + u32le(bytes, headerAt + 4), bytes.length);
  for (let at = headerAt + u32le(bytes, headerAt); at + entryHeaderBytes <= end; ) {
    const entry = decodeEntry(bytes, at, end);
    if (entry === undefined) throw ntfsDamage(place, `its entry at ${at} leaves it`);
    entries.push(entry);
    if (entry.isLast) return entries;
    at += entry.bytes.length;
  }
  throw ntfsDamage(place, 'its last entry is missing');
}

function decodeEntry(node: Uint8Array, at: number, end: number): IndexEntry | undefined {
  const length = u16le(node, at + 8);
  const keyLength = u16le(node, at + 0x0a);
  const flags = u16le(node, at + 0x0c);
  const hasChild = (flags & 1) !== 0;
  const isLast = (flags & 2) !== 0;
  const lengthMin = entryHeaderBytes + (isLast ? 0 : keyLength) + (hasChild ? 8 : 0);
  if (length < lengthMin || length % 8 !== 0 || at + length > end) return undefined;
  const bytes = node.subarray(at, at + length);
  return {
    record: referenceRecord(bytes, 0),
    sequence: referenceSequence(bytes, 0),
    key: bytes.subarray(entryHeaderBytes, entryHeaderBytes + (isLast ? 0 : keyLength)),
    bytes,
    child: hasChild ? u64le(bytes, length - 8) : undefined,
    isLast,
  };
}
