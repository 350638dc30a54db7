import { blockBytes, chunkBlocksMax, groupBytesMax, regionBlocks } from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type CommitRecord, decodeCommitRecord, encodeCommitRecord } from './commit-record.ts';
import { exchangeChunksMax, exchangeCommitBytesMax } from './exchange-limits.ts';
import { FormatFault } from './format-fault.ts';

/**
 * A commit on its way, without the content of its chunks (docs/formats/exchange.md):
 *
 *   size field
 *      8 position in the stream, from 1
 *      4 number of groups, g
 *  g × 1 chunks in each group, less 1
 *      4 number of chunks, n
 *  n × 1 blocks of each chunk, less 1
 *      … commit record, as in segments; what only the repository knows is 0 in it
 */
export interface ExchangeCommit {
  /** Position in the stream of its sender, from 1. */
  readonly position: number;
  /** Chunks in each group, 1 to 64, in the order of the record's names. A group is compressed as one. */
  readonly groupChunks: readonly number[];
  /** Blocks of each chunk, 1 to 64, in the order of the record's names. */
  readonly chunkBlocks: readonly number[];
  readonly record: CommitRecord;
}

/** Most chunks of one group. */
export const exchangeGroupChunksMax = 64;

/** Most blocks of one group. */
export const exchangeGroupBlocksMax: number = groupBytesMax / blockBytes;

/**
 * Encodes a commit.
 * @param commit - its fields
 */
export function encodeExchangeCommit(commit: ExchangeCommit): Uint8Array {
  const { groupChunks, chunkBlocks } = commit;
  const record = encodeCommitRecord(commit.record);
  const writer = new ByteWriter(16 + groupChunks.length + chunkBlocks.length + record.length);
  writer.u64(commit.position).u32(groupChunks.length);
  for (const count of groupChunks) writer.u8(count - 1);
  writer.u32(chunkBlocks.length);
  for (const count of chunkBlocks) writer.u8(count - 1);
  return writer.bytes(record).finish();
}

/**
 * Decodes a commit, and checks that its parts fit each other.
 * @param bytes - whole encoding; names borrow from it
 * @throws FormatFault
 */
export function decodeExchangeCommit(bytes: Uint8Array): ExchangeCommit {
  const reader = new ByteReader(bytes);
  const position = reader.u64();
  if (position < 1) throw new FormatFault('a stream begins at 1', 0);
  const groupChunks = counts(reader, exchangeGroupChunksMax);
  const chunkBlocks = counts(reader, chunkBlocksMax);
  const record = decodeCommitRecord(reader.bytes(reader.remaining));
  const commit = { position, groupChunks, chunkBlocks, record };
  checkGroups(commit);
  checkExtents(commit);
  return commit;
}

/**
 * Bytes of all chunks of a commit, before compression.
 * @param commit - its chunks count
 */
export function exchangeCommitDataBytes({
  chunkBlocks,
}: Pick<ExchangeCommit, 'chunkBlocks'>): number {
  return chunkBlocks.reduce((sum, count) => sum + count, 0) * blockBytes;
}

/**
 * Chunks of each group, counted from 0.
 * @param commit - its groups count
 */
export function chunksOfGroups({ groupChunks }: Pick<ExchangeCommit, 'groupChunks'>): number[][] {
  let chunk = 0;
  return groupChunks.map((count) => Array.from({ length: count }, () => chunk++));
}

function counts(reader: ByteReader, max: number): number[] {
  const count = reader.count(1);
  if (count > exchangeChunksMax) throw new FormatFault('a commit has too many chunks', 0);
  return Array.from(reader.bytes(count), (value) => {
    if (value >= max) throw new FormatFault('a group or chunk is too large', reader.position);
    return value + 1;
  });
}

function checkGroups(commit: ExchangeCommit): void {
  const { groupChunks, chunkBlocks, record } = commit;
  if (record.chunkNames.length !== chunkBlocks.length) {
    throw new FormatFault('names and chunks of a commit differ in number', 0);
  }
  let chunk = 0;
  for (const count of groupChunks) {
    const blocks = chunkBlocks.slice(chunk, chunk + count);
    chunk += count;
    if (blocks.reduce((sum, each) => sum + each, 0) > exchangeGroupBlocksMax) {
      throw new FormatFault('a group holds too many blocks', 0);
    }
  }
  if (chunk !== chunkBlocks.length) {
    throw new FormatFault('the groups of a commit do not hold its chunks', 0);
  }
  if (exchangeCommitDataBytes(commit) > exchangeCommitBytesMax) {
    throw new FormatFault('a commit holds too much data', 0);
  }
}

/**
 * Whatever a repository takes for granted of a commit must hold here: the sender may be anybody who got hold of a machine.
 * @throws FormatFault
 */
function checkExtents({ chunkBlocks, record }: ExchangeCommit): void {
  const names = new Set(record.disks.map(({ disk }) => disk));
  if (names.size < record.disks.length) throw new FormatFault('a disk is named twice', 0);
  for (const disk of record.disks) {
    let lastRegion = -1;
    for (const { region, extents } of disk.regions) {
      if (region <= lastRegion) throw new FormatFault('regions are not in order', 0);
      lastRegion = region;
      const last = extents.at(-1);
      const endBlock = region * regionBlocks + (last?.startBlock ?? 0) + (last?.blockCount ?? 0);
      if (endBlock > Math.ceil(disk.sizeBytes / blockBytes)) {
        throw new FormatFault('an extent lies behind the end of its disk', 0);
      }
      for (const { chunk, chunkStartBlock, blockCount } of extents) {
        if (chunk === 0 || chunkStartBlock + blockCount <= chunkBlocks[chunk - 1]!) continue;
        throw new FormatFault('an extent lies outside of its chunk', 0);
      }
    }
  }
}
