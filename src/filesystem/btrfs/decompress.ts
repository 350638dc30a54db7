import { promisify } from 'node:util';
import { inflate, zstdDecompress } from 'node:zlib';
import { u32le } from '../integers.ts';
import type { Compression } from './file-extent.ts';
import { LzoFault, unpackLzo } from './lzo.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

const inflateAsync = promisify(inflate);
const zstdAsync = promisify(zstdDecompress);

/** Longest content that one compressed extent may hold, bytes: BTRFS_MAX_UNCOMPRESSED. */
export const plainBytesMax: number = 128 * 1024;

/**
 * Unpacks the content of a compressed extent.
 * @param stored - as it is stored, with what fills it up; borrowed
 * @param compression - how it is compressed
 * @param shape - its plain length, at most `plainBytesMax`, and the unit of the volume in which LZO packs
 * @returns exactly so many bytes, zeroes behind what was packed; a reason when it cannot be unpacked
 */
export async function decompress(
  stored: Uint8Array,
  compression: Compression,
  shape: { readonly plainBytes: number; readonly sectorBytes: number },
): Promise<Uint8Array | string> {
  const plain = new Uint8Array(shape.plainBytes);
  try {
    if (compression === 'lzo') unpackSegments(stored, plain, shape.sectorBytes);
    else plain.set(await unpacked(stored, compression, shape.plainBytes));
    return plain;
  } catch (error) {
    const isTheirs = error instanceof LzoFault || (error instanceof Error && 'code' in error);
    if (!isTheirs) throw error;
    return `it cannot be unpacked with ${compression}: ${error.message}`;
  }
}

async function unpacked(
  stored: Uint8Array,
  compression: Compression,
  plainBytes: number,
): Promise<Uint8Array> {
  // One byte more than can be right, so that too much is an error and just enough is none.
  const options = { maxOutputLength: plainBytes + 1 };
  if (compression === 'zlib') return (await inflateAsync(stored, options)).subarray(0, plainBytes);
  const frame = stored.subarray(0, zstdFrameBytes(stored) ?? stored.length);
  return (await zstdAsync(frame, options)).subarray(0, plainBytes);
}

/**
 * LZO comes in segments: total length 4; then for each its length 4 and its bytes, which unpack to one sector. A length never crosses
 * the border of a sector: where less than four bytes are left, they are skipped.
 * @throws LzoFault
 * @source Linux fs/btrfs/lzo.c, head comment
 */
function unpackSegments(stored: Uint8Array, plain: Uint8Array, sectorBytes: number): void {
  if (stored.length < 4) throw new LzoFault('it is cut off');
  const end = Math.min(u32le(stored, 0), stored.length);
  let written = 0;
  for (let at = 4; written < plain.length; ) {
    const leftInSector = sectorBytes - (at % sectorBytes);
    if (leftInSector < 4) at += leftInSector;
    if (at + 4 > end) return;
    const length = u32le(stored, at);
    at += 4;
    if (length === 0 || at + length > end) throw new LzoFault('a segment is cut off');
    const target = plain.subarray(written, written + sectorBytes);
    written += unpackLzo(stored.subarray(at, at + length), target);
    at += length;
  }
}
