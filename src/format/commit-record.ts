import type { Micros } from '../base/clock.ts';
import {
  chunkBlocksMax,
  diskBytesMax,
  nameBytesMax,
  regionBlocks,
  regionBytes,
} from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { chunkNameBytes } from './chunk-group.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Plain payload of a commit entry (docs/formats/segment.md). Every record carries the SHA-256 of the record before it
 * of the same machine, so that a machine's history is a hash chain.
 */
export interface CommitRecord {
  /** Name of the machine. */
  readonly machine: string;
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** The moment under which the state is restored. */
  readonly timeMicros: Micros;
  /** SHA-256 of the machine's previous record, 32 zero bytes for the first. */
  readonly previousHash: Uint8Array;
  /**
   * How much of the record's own segment was reported durable before it was written, bytes. Damage below that is
   * damage; beyond the last such mark it may be a write that a power loss cut short.
   */
  readonly acknowledgedBytes: number;
  /** Where the record before it in the same segment begins, of whichever machine, bytes; 0 for the first. So none can vanish. */
  readonly previousRecordBytes: number;
  /** How far applications can trust it. */
  readonly consistency: 'crash' | 'application' | 'fuzzy';
  /** Bytes of changed blocks. */
  readonly changedBytes: number;
  /** Bytes of chunks not stored before. */
  readonly newBytes: number;
  /** Bytes of the groups that were added to the store. */
  readonly storedBytes: number;
  /** Names that extents refer to by their position, from 1. */
  readonly chunkNames: readonly Uint8Array[];
  /** Disks that the commit speaks of. */
  readonly disks: readonly CommitDisk[];
  /** Marks for the timeline. */
  readonly notes: readonly CommitRecordNote[];
}

/** One disk's part of a commit. */
export interface CommitDisk {
  /** Name of the disk; empty when a note concerns the whole machine. */
  readonly disk: string;
  readonly sizeBytes: number;
  /** How far the disk can be trusted from then on. */
  readonly state: 'whole' | 'filling';
  readonly regions: readonly CommitRegion[];
}

/** Extents that changed in one region. */
export interface CommitRegion {
  /** Number of the region. */
  readonly region: number;
  readonly extents: readonly CommitExtent[];
}

/** Blocks of a region that now have new content. */
export interface CommitExtent {
  /** First block within the region, 0–255. */
  readonly startBlock: number;
  /** 1–256. */
  readonly blockCount: number;
  /** 0: zeroes, or excluded; else position in chunkNames, from 1. */
  readonly chunk: number;
  /** Block of the chunk that holds the first one; without a chunk 0 for zeroes, `excludedStartBlock` for blocks that are not held. */
  readonly chunkStartBlock: number;
}

/** In place of a block in a chunk, beside chunk 0: the blocks were excluded. They read as zeroes, and nothing is known of what they held. */
export const excludedStartBlock = 1;

/** A mark for the timeline. */
export interface CommitRecordNote {
  /** What the note tells. */
  readonly kind: 'bookmark' | 'gap' | 'clock-jump' | 'removed' | 'resumed';
  /** Name of the disk; empty when a note concerns the whole machine. */
  readonly disk: string;
  /** Words for people, at most 4,096 bytes. */
  readonly text: string;
  readonly fromMicros: Micros;
}

/** Version of the record's layout. Version 2 has excluded blocks; without them a record is still written as version 1, for those who know no more. */
export const commitRecordVersion = 2;

const consistencies = ['crash', 'application', 'fuzzy'] as const;
const states = ['whole', 'filling'] as const;
const noteKinds = ['bookmark', 'gap', 'clock-jump', 'removed', 'resumed'] as const;
/** Bytes of an extent. */
export const commitExtentBytes = 8;
/** Longest text of a note, bytes of UTF-8. */
export const commitTextBytesMax = 4096;

/**
 * Encodes a record.
 * @param record - its fields; extents sorted by block
 */
export function encodeCommitRecord(record: CommitRecord): Uint8Array {
  const writer = new ByteWriter(
    1024 + record.chunkNames.length * (chunkNameBytes + commitExtentBytes),
  );
  writer.u16(versionOf(record)).text(record.machine).u64(record.sequence);
  writer.u64(record.timeMicros).bytes(record.previousHash).u32(record.acknowledgedBytes);
  writer.u32(record.previousRecordBytes);
  writer.u8(consistencies.indexOf(record.consistency));
  writer.u64(record.changedBytes).u64(record.newBytes).u64(record.storedBytes);
  writer.u32(record.chunkNames.length);
  for (const name of record.chunkNames) writer.bytes(name);
  writer.u32(record.disks.length);
  for (const disk of record.disks) writeDisk(writer, disk);
  writer.u32(record.notes.length);
  for (const note of record.notes) writeNote(writer, note);
  return writer.finish();
}

function versionOf({ disks }: CommitRecord): number {
  const isExcluding = disks.some(({ regions }) =>
    regions.some(({ extents }) => extents.some(isExcluded)),
  );
  return isExcluding ? 2 : 1;
}

function isExcluded({ chunk, chunkStartBlock }: CommitExtent): boolean {
  return chunk === 0 && chunkStartBlock === excludedStartBlock;
}

function writeDisk(writer: ByteWriter, disk: CommitDisk): void {
  writer.text(disk.disk).u64(disk.sizeBytes).u8(states.indexOf(disk.state));
  writer.u32(disk.regions.length);
  for (const region of disk.regions) {
    writer.u32(region.region).u16(region.extents.length);
    for (const extent of region.extents) {
      writer.u8(extent.startBlock).u8(extent.blockCount - 1);
      writer.u32(extent.chunk).u16(extent.chunkStartBlock);
    }
  }
}

function writeNote(writer: ByteWriter, note: CommitRecordNote): void {
  writer.u8(noteKinds.indexOf(note.kind)).text(note.disk).text(note.text).u64(note.fromMicros);
}

/**
 * Decodes a record.
 * @param plain - whole plain payload; chunk names borrow from it
 * @throws FormatFault
 */
export function decodeCommitRecord(plain: Uint8Array): CommitRecord {
  const reader = new ByteReader(plain);
  const version = reader.u16();
  if (version > commitRecordVersion) throw new FormatFault(`newer commit record ${version}`, 0);
  if (version < 1) throw new FormatFault('a commit record has an impossible version', 0);
  const head = {
    machine: reader.text(nameBytesMax),
    sequence: reader.u64(),
    timeMicros: reader.u64(),
    previousHash: Uint8Array.from(reader.bytes(32)),
    acknowledgedBytes: reader.u32(),
    previousRecordBytes: reader.u32(),
    consistency: oneOf(reader, consistencies),
    changedBytes: reader.u64(),
    newBytes: reader.u64(),
    storedBytes: reader.u64(),
  };
  const chunkNames = list(reader, chunkNameBytes, () => reader.bytes(chunkNameBytes));
  const disks = list(reader, 15, () =>
    readDisk(reader, { version, chunkCount: chunkNames.length }),
  );
  const notes = list(reader, 13, () => readNote(reader));
  reader.end();
  const record = { ...head, chunkNames, disks, notes };
  if (version !== versionOf(record)) throw new FormatFault('nothing needs that version', 0);
  return record;
}

/** What the head of a record says about its extents. */
interface ExtentRules {
  readonly version: number;
  /** Chunks that the record names. */
  readonly chunkCount: number;
}

function readDisk(reader: ByteReader, rules: ExtentRules): CommitDisk {
  const disk = reader.text(nameBytesMax);
  const sizeBytes = reader.u64();
  if (sizeBytes > diskBytesMax) throw new FormatFault('a disk is too large', reader.position);
  const state = oneOf(reader, states);
  const regionCount = Math.ceil(sizeBytes / regionBytes);
  const regions = list(reader, 6, () => readRegion(reader, rules, regionCount));
  return { disk, sizeBytes, state, regions };
}

function readRegion(reader: ByteReader, rules: ExtentRules, regionCount: number): CommitRegion {
  const region = reader.u32();
  if (region >= regionCount) throw new FormatFault('a region lies outside', reader.position);
  const extentCount = reader.u16();
  if (extentCount > regionBlocks) throw new FormatFault('too many extents', reader.position);
  const extents: CommitExtent[] = [];
  let endBlock = 0;
  for (let index = 0; index < extentCount; index++) {
    const extent = readExtent(reader, rules);
    if (extent.startBlock < endBlock) throw new FormatFault('extents overlap', reader.position);
    endBlock = extent.startBlock + extent.blockCount;
    if (endBlock > regionBlocks) throw new FormatFault('an extent is too long', reader.position);
    extents.push(extent);
  }
  return { region, extents };
}

function readExtent(reader: ByteReader, { version, chunkCount }: ExtentRules): CommitExtent {
  const startBlock = reader.u8();
  const blockCount = reader.u8() + 1;
  const chunk = reader.u32();
  const chunkStartBlock = reader.u16();
  if (chunk > chunkCount) throw new FormatFault('an extent names no chunk', reader.position);
  const startMax = version === 1 ? 0 : excludedStartBlock;
  const isInside =
    chunk === 0 ? chunkStartBlock <= startMax : chunkStartBlock + blockCount <= chunkBlocksMax;
  if (!isInside) throw new FormatFault('an extent lies outside of its chunk', reader.position);
  return { startBlock, blockCount, chunk, chunkStartBlock };
}

function readNote(reader: ByteReader): CommitRecordNote {
  const kind = oneOf(reader, noteKinds);
  return {
    kind,
    disk: reader.text(nameBytesMax),
    text: reader.text(commitTextBytesMax),
    fromMicros: reader.u64(),
  };
}

function list<T>(reader: ByteReader, itemBytesMin: number, read: () => T): T[] {
  const count = reader.count(itemBytesMin);
  const items: T[] = [];
  for (let index = 0; index < count; index++) items.push(read());
  return items;
}

function oneOf<T>(reader: ByteReader, values: readonly T[]): T {
  const value = values[reader.u8()];
  if (value === undefined) throw new FormatFault('a field has no known value', reader.position - 1);
  return value;
}
