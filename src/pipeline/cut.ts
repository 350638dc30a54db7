import { crc32 } from 'node:zlib';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import { blockBytes, chunkBlocksMax, chunkBlocksMin, regionBlocks } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import { isZeroBlock } from './zero-block.ts';

/** Runs of blocks to be cut into chunks and named. */
export interface CutJob {
  /** Memory that holds all runs. */
  readonly buffer: SharedArrayBuffer;
  /** For each run: offset in the buffer in bytes, and length in blocks. */
  readonly runs: Uint32Array;
  /** For each run: its first block on the disk. */
  readonly firstBlocks: readonly number[];
  /** Key of the chunk names, 32 bytes. */
  readonly nameKey: Uint8Array;
}

/** Chunks and zero runs, in the order of the runs. */
export interface CutResult {
  /** For each piece: offset in the buffer in bytes, and length in blocks. */
  readonly pieces: Uint32Array;
  /** For each piece: 1 when all its blocks are zero. */
  readonly areZero: Uint8Array;
  /** Names of the pieces, 32 bytes each; zero pieces have none, their 32 bytes are zero. */
  readonly names: Uint8Array;
}

/**
 * A cut falls behind a block whose CRC-32 is divisible by this, so a chunk averages 8 blocks (32 KiB). Looking only at
 * the block before the cut makes cuts move with the content; looking only at block boundaries makes it cheap.
 */
const cutDivisor = 7;

/**
 * Cuts runs into chunks at content-defined block boundaries, and names each chunk by the keyed BLAKE3 of its content. No
 * chunk crosses the border of a region: a later comparison, which goes region by region, then needs only its name.
 * @param job - runs and the key
 */
export function cut(job: CutJob): CutResult {
  const found: Found = { pieces: [], areZero: [] };
  for (let index = 0; index < job.runs.length; index += 2) {
    const run = { offsetBytes: job.runs[index] ?? 0, blockCount: job.runs[index + 1] ?? 0 };
    cutRun(job.buffer, { ...run, firstBlock: job.firstBlocks[index / 2] ?? 0 }, found);
  }
  const result = {
    pieces: Uint32Array.from(found.pieces),
    areZero: Uint8Array.from(found.areZero),
  };
  return { ...result, names: namePieces(job, result.pieces, result.areZero) };
}

/** Pieces found so far, as in CutResult. */
interface Found {
  readonly pieces: number[];
  readonly areZero: number[];
}

interface Run {
  readonly offsetBytes: number;
  readonly blockCount: number;
  readonly firstBlock: number;
}

function cutRun(
  buffer: SharedArrayBuffer,
  { offsetBytes, blockCount, firstBlock }: Run,
  found: Found,
): void {
  const run = Buffer.from(buffer, offsetBytes, blockCount * blockBytes);
  let block = 0;
  while (block < blockCount) {
    const zeroes = zeroBlocksAt(run, block, blockCount);
    const toBorder = regionBlocks - ((firstBlock + block) % regionBlocks);
    const end = Math.min(blockCount, block + toBorder);
    const length = zeroes > 0 ? zeroes : chunkBlocksAt(run, block, end);
    found.pieces.push(offsetBytes + block * blockBytes, length);
    found.areZero.push(zeroes > 0 ? 1 : 0);
    block += length;
  }
}

function zeroBlocksAt(run: Buffer, firstBlock: number, blockCount: number): number {
  let block = firstBlock;
  while (block < blockCount && isZeroBlock(run, block * blockBytes)) block++;
  return block - firstBlock;
}

function chunkBlocksAt(run: Buffer, firstBlock: number, blockCount: number): number {
  const end = Math.min(blockCount, firstBlock + chunkBlocksMax);
  for (let block = firstBlock; block < end; block++) {
    const length = block - firstBlock;
    if (length > 0 && isZeroBlock(run, block * blockBytes)) return length;
    if (length + 1 < chunkBlocksMin) continue;
    const bytes = run.subarray(block * blockBytes, (block + 1) * blockBytes);
    if (crc32(bytes) % cutDivisor === 0) return length + 1;
  }
  return end - firstBlock;
}

function namePieces(job: CutJob, pieces: Uint32Array, areZero: Uint8Array): Uint8Array {
  const names = new Uint8Array(areZero.length * chunkNameBytes);
  const hasher = Blake3Hasher.newKeyed(Buffer.from(job.nameKey));
  for (let index = 0; index < areZero.length; index++) {
    if (areZero[index] === 1) continue;
    const lengthBytes = (pieces[index * 2 + 1] ?? 0) * blockBytes;
    hasher.reset();
    hasher.update(Buffer.from(job.buffer, pieces[index * 2] ?? 0, lengthBytes));
    names.set(hasher.digestBuffer(), index * chunkNameBytes);
  }
  return names;
}
