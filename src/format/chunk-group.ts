import { blockBytes, chunkBlocksMax, groupBytesMax } from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Plain payload of a group entry: chunks that were compressed together (docs/formats/segment.md).
 *
 *   size field
 *      2 number of chunks, n
 *   n × 34 directory: name of the chunk (32), its length in blocks (2)
 *      … the chunks' blocks, one chunk after the other, 4,096 bytes a block
 */
export interface GroupDirectory {
  readonly chunks: readonly GroupChunk[];
  /** Where the first block lies in the plain payload, bytes. */
  readonly dataOffsetBytes: number;
}

/** One chunk of a group. */
export interface GroupChunk {
  /** Keyed hash of the content, 32 bytes. */
  readonly name: Uint8Array;
  /** Blocks before it in the group. */
  readonly startBlock: number;
  readonly blockCount: number;
}

/** Bytes of a chunk's name. */
export const chunkNameBytes = 32;

const directoryRowBytes = chunkNameBytes + 2;
/** A group holds whole blocks only, so it cannot hold more chunks than blocks. */
const chunksMax = groupBytesMax / blockBytes;

/**
 * Bytes of the directory before the first block.
 * @param chunkCount - chunks in the group
 */
export function groupDirectoryBytes(chunkCount: number): number {
  return 2 + chunkCount * directoryRowBytes;
}

/**
 * Encodes a directory.
 * @param chunks - names and lengths, in the order of the data
 */
export function encodeGroupDirectory(
  chunks: readonly { readonly name: Uint8Array; readonly blockCount: number }[],
): Uint8Array {
  const writer = new ByteWriter(groupDirectoryBytes(chunks.length)).u16(chunks.length);
  for (const chunk of chunks) writer.bytes(chunk.name).u16(chunk.blockCount);
  return writer.finish();
}

/**
 * Decodes the directory of a plain group and checks that the data behind it fits.
 * @param plain - whole plain payload
 * @returns chunks whose names borrow from `plain`
 * @throws FormatFault
 */
export function decodeGroupDirectory(plain: Uint8Array): GroupDirectory {
  const reader = new ByteReader(plain);
  const count = reader.u16();
  if (count > chunksMax) throw new FormatFault('a group has too many chunks', 0);
  const chunks: GroupChunk[] = [];
  let startBlock = 0;
  for (let index = 0; index < count; index++) {
    const name = reader.bytes(chunkNameBytes);
    const blockCount = reader.u16();
    if (blockCount < 1 || blockCount > chunkBlocksMax) {
      throw new FormatFault('a chunk has an impossible length', reader.position);
    }
    chunks.push({ name, startBlock, blockCount });
    startBlock += blockCount;
  }
  if (reader.remaining !== startBlock * blockBytes) {
    throw new FormatFault('a group does not hold what its directory says', reader.position);
  }
  return { chunks, dataOffsetBytes: reader.position };
}

/**
 * Finds the chunks' blocks in a plain group without decoding its directory.
 * @param plain - whole plain payload
 * @returns the blocks, borrowed
 * @throws FormatFault when the directory does not even fit
 */
export function groupData(plain: Buffer): Buffer {
  const startBytes = groupDirectoryBytes(new ByteReader(plain).u16());
  if (startBytes > plain.length) throw new FormatFault('a group ends within its directory', 0);
  return plain.subarray(startBytes);
}
