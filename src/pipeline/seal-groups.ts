import { blockBytes, groupBytesMax, groupBytesTarget } from '../base/limits.ts';
import {
  chunkNameBytes,
  encodeGroupDirectory,
  groupDirectoryBytes,
} from '../format/chunk-group.ts';
import { entrySpanBytes, type PackedPayload, packPayload, sealEntry } from '../format/entry.ts';
import { type SegmentPlace, takeSpace } from './segment-place.ts';

/** Chunks to be stored. */
export interface SealGroupsJob {
  /** Memory that holds the chunks. */
  readonly buffer: SharedArrayBuffer;
  /** For each chunk: offset in the buffer in bytes, and length in blocks. */
  readonly chunks: Uint32Array;
  /** Names of the chunks, 32 bytes each. */
  readonly names: Uint8Array;
  readonly place: SegmentPlace;
  /** zstd level. */
  readonly level: number;
}

/** Entries ready to be written, and where each chunk will lie. */
export interface SealGroupsResult {
  /** Offset in the segment of the first byte, bytes. */
  readonly offsetBytes: number;
  /** Whole entries, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each chunk: offset of its group's entry in bytes, and the block in the group where it starts. */
  readonly places: Uint32Array;
}

/** One thread packs one group at a time. */
const scratch = Buffer.allocUnsafeSlow(
  groupBytesMax + groupDirectoryBytes(groupBytesMax / blockBytes),
);

interface Group {
  readonly firstChunk: number;
  readonly chunkCount: number;
}

/**
 * Packs chunks into groups of about 256 KiB, compresses and encrypts each.
 * @param job - chunks, in the order in which they should lie
 */
export function sealGroups(job: SealGroupsJob): SealGroupsResult {
  const groups = gather(job.chunks);
  const packed = groups.map((group) => packGroup(job, group));
  const spanBytes = packed.reduce((sum, payload) => sum + entrySpanBytes(payload.bytes.length), 0);
  const offsetBytes = takeSpace(job.place, spanBytes);
  const bytes = Buffer.from(new ArrayBuffer(spanBytes));
  const offsets = sealAll(packed, job.place, offsetBytes, bytes);
  return { offsetBytes, bytes, places: placesOf(job.chunks, groups, offsets) };
}

function gather(chunks: Uint32Array): Group[] {
  const groups: Group[] = [];
  let firstChunk = 0;
  let groupBytes = 0;
  for (let index = 0; index < chunks.length / 2; index++) {
    groupBytes += (chunks[index * 2 + 1] ?? 0) * blockBytes;
    if (groupBytes < groupBytesTarget && index < chunks.length / 2 - 1) continue;
    groups.push({ firstChunk, chunkCount: index + 1 - firstChunk });
    firstChunk = index + 1;
    groupBytes = 0;
  }
  return groups;
}

/** Compressing leaves the scratch memory free for the next group; what is stored as it is must be copied out. */
function packGroup(job: SealGroupsJob, group: Group): PackedPayload {
  const packed = packPayload('group', plainGroup(job, group), job.level);
  return packed.isCompressed ? packed : { ...packed, bytes: Uint8Array.from(packed.bytes) };
}

/** @returns the plain payload, in scratch memory */
function plainGroup(job: SealGroupsJob, group: Group): Uint8Array {
  const rows: { name: Uint8Array; blockCount: number }[] = [];
  let dataBytes = 0;
  for (let index = group.firstChunk; index < group.firstChunk + group.chunkCount; index++) {
    const name = job.names.subarray(index * chunkNameBytes, (index + 1) * chunkNameBytes);
    const blockCount = job.chunks[index * 2 + 1] ?? 0;
    rows.push({ name, blockCount });
    dataBytes += blockCount * blockBytes;
  }
  const plain = scratch.subarray(0, groupDirectoryBytes(rows.length) + dataBytes);
  plain.set(encodeGroupDirectory(rows));
  let position = plain.length - dataBytes;
  for (const [row, { blockCount }] of rows.entries()) {
    const from = job.chunks[(group.firstChunk + row) * 2] ?? 0;
    plain.set(new Uint8Array(job.buffer, from, blockCount * blockBytes), position);
    position += blockCount * blockBytes;
  }
  return plain;
}

function sealAll(
  packed: readonly PackedPayload[],
  place: SegmentPlace,
  startBytes: number,
  target: Buffer,
): number[] {
  const offsets: number[] = [];
  let position = 0;
  for (const payload of packed) {
    const offsetBytes = startBytes + position;
    const span = entrySpanBytes(payload.bytes.length);
    sealEntry(payload, { ...place, offsetBytes }, target.subarray(position, position + span));
    offsets.push(offsetBytes);
    position += span;
  }
  return offsets;
}

function placesOf(
  chunks: Uint32Array,
  groups: readonly Group[],
  offsets: readonly number[],
): Uint32Array {
  const places = new Uint32Array(chunks.length);
  for (const [groupIndex, group] of groups.entries()) {
    let startBlock = 0;
    for (let index = group.firstChunk; index < group.firstChunk + group.chunkCount; index++) {
      places[index * 2] = offsets[groupIndex] ?? 0;
      places[index * 2 + 1] = startBlock;
      startBlock += chunks[index * 2 + 1] ?? 0;
    }
  }
  return places;
}
