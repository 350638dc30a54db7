import { blockBytes, groupBytesMax, groupBytesTarget } from '../base/limits.ts';
import {
  chunkNameBytes,
  encodeGroupDirectory,
  groupDirectoryBytes,
} from '../format/chunk-group.ts';
import { entrySpanBytes, type PackedPayload, packPayload, sealEntry } from '../format/entry.ts';
import { spanWords } from './cut.ts';
import { type SegmentPlace, takeSpace } from './segment-place.ts';

/** Chunks to be stored. */
export interface SealGroupsJob {
  /** Memories that hold the chunks. */
  readonly buffers: readonly SharedArrayBuffer[];
  /** For each chunk spanWords numbers (see CutJob). */
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
  /** For each chunk three numbers: offset of its group's entry in bytes, the block in the group where it starts, its blocks. */
  readonly places: Uint32Array;
}

const placeWords = 3;
const groupMemoryBytes = groupBytesMax + groupDirectoryBytes(groupBytesMax / blockBytes);
/** Memory for plain groups, used again and again; what is stored as it is stays in its own until it is sealed. */
const scratches: Buffer[] = [];

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
  const packed = packAll(job, groups);
  const spanBytes = packed.reduce((sum, payload) => sum + entrySpanBytes(payload.bytes.length), 0);
  const offsetBytes = takeSpace(job.place, spanBytes);
  const bytes = Buffer.from(new ArrayBuffer(spanBytes));
  const offsets = sealAll(packed, job.place, offsetBytes, bytes);
  return { offsetBytes, bytes, places: placesOf(job.chunks, groups, offsets) };
}

function gather(chunks: Uint32Array): Group[] {
  const groups: Group[] = [];
  const count = chunks.length / spanWords;
  let firstChunk = 0;
  let groupBytes = 0;
  for (let index = 0; index < count; index++) {
    groupBytes += (chunks[index * spanWords + 2] ?? 0) * blockBytes;
    if (groupBytes < groupBytesTarget && index < count - 1) continue;
    groups.push({ firstChunk, chunkCount: index + 1 - firstChunk });
    firstChunk = index + 1;
    groupBytes = 0;
  }
  return groups;
}

/** Compressing leaves the plain group's memory free for the next one. */
function packAll(job: SealGroupsJob, groups: readonly Group[]): PackedPayload[] {
  const memories = job.buffers.map((buffer) => new Uint8Array(buffer));
  let used = 0;
  return groups.map((group) => {
    const scratch = (scratches[used] ??= Buffer.allocUnsafeSlow(groupMemoryBytes));
    const packed = packPayload('group', plainGroup(job, memories, group, scratch), job.level);
    if (!packed.isCompressed) used++;
    return packed;
  });
}

/** @returns the plain payload, in scratch memory */
function plainGroup(
  job: SealGroupsJob,
  memories: readonly Uint8Array[],
  { firstChunk, chunkCount }: Group,
  scratch: Buffer,
): Uint8Array {
  const rows: { name: Uint8Array; blockCount: number }[] = [];
  let position = groupDirectoryBytes(chunkCount);
  for (let index = firstChunk; index < firstChunk + chunkCount; index++) {
    const name = job.names.subarray(index * chunkNameBytes, (index + 1) * chunkNameBytes);
    const blockCount = job.chunks[index * spanWords + 2] ?? 0;
    const from = job.chunks[index * spanWords + 1] ?? 0;
    const memory = memories[job.chunks[index * spanWords] ?? 0];
    const lengthBytes = blockCount * blockBytes;
    if (memory !== undefined) scratch.set(memory.subarray(from, from + lengthBytes), position);
    rows.push({ name, blockCount });
    position += lengthBytes;
  }
  scratch.set(encodeGroupDirectory(rows));
  return scratch.subarray(0, position);
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
  const places = new Uint32Array((chunks.length / spanWords) * placeWords);
  for (const [groupIndex, group] of groups.entries()) {
    let startBlock = 0;
    for (let index = group.firstChunk; index < group.firstChunk + group.chunkCount; index++) {
      const blockCount = chunks[index * spanWords + 2] ?? 0;
      places.set([offsets[groupIndex] ?? 0, startBlock, blockCount], index * placeWords);
      startBlock += blockCount;
    }
  }
  return places;
}
