import { blockBytes } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import { ChunkNamer } from './chunk-namer.ts';
import { type CutRun, nextPiece } from './next-piece.ts';

/** Numbers that describe a run or a piece: which of the memories it lies in, its offset there in bytes, its blocks. */
export const spanWords = 3;

/** Runs of blocks to be cut into chunks and named. They are cut where they lie: bringing them together would cost a copy. */
export interface CutJob {
  /** Memories that the runs lie in. */
  readonly buffers: readonly SharedArrayBuffer[];
  /** For each run spanWords numbers. */
  readonly runs: Uint32Array;
  /** For each run: its first block on the disk. */
  readonly firstBlocks: Float64Array;
  /** Key of the chunk names, 32 bytes. */
  readonly nameKey: Uint8Array;
}

/** Chunks and zero runs, in the order of the runs. */
export interface CutResult {
  /** For each piece spanWords numbers. */
  readonly pieces: Uint32Array;
  /** For each piece: its first block on the disk. */
  readonly firstBlocks: Float64Array;
  /** For each piece: 1 when all its blocks are zero. */
  readonly areZero: Uint8Array;
  /** Names of the pieces, 32 bytes each, in memory of their own; zero pieces have none, their 32 bytes are zero. */
  readonly names: Uint8Array;
}

/**
 * Cuts runs into chunks at content-defined block boundaries, and names each chunk by the keyed BLAKE3 of its content.
 * @param job - runs and the key
 */
export function cut(job: CutJob): CutResult {
  const memories = job.buffers.map((buffer) => Buffer.from(buffer));
  const found: Found = { pieces: [], firstBlocks: [], areZero: [] };
  for (let index = 0; index < job.firstBlocks.length; index++) {
    const memory = job.runs[index * spanWords] ?? 0;
    const run = {
      memory,
      bytes: memories[memory] ?? Buffer.alloc(0),
      offsetBytes: job.runs[index * spanWords + 1] ?? 0,
      blockCount: job.runs[index * spanWords + 2] ?? 0,
      firstBlock: job.firstBlocks[index] ?? 0,
    };
    cutRun(run, found);
  }
  return {
    pieces: Uint32Array.from(found.pieces),
    firstBlocks: Float64Array.from(found.firstBlocks),
    areZero: Uint8Array.from(found.areZero),
    names: namesOf(job.nameKey, memories, found),
  };
}

/** Pieces found so far, as in CutResult. */
interface Found {
  readonly pieces: number[];
  readonly firstBlocks: number[];
  readonly areZero: number[];
}

interface Run extends CutRun {
  readonly memory: number;
}

function cutRun(run: Run, found: Found): void {
  const { memory, offsetBytes, firstBlock } = run;
  for (let block = 0; block < run.blockCount; ) {
    const { blockCount, isZero } = nextPiece(run, block);
    found.pieces.push(memory, offsetBytes + block * blockBytes, blockCount);
    found.firstBlocks.push(firstBlock + block);
    found.areZero.push(isZero ? 1 : 0);
    block += blockCount;
  }
}

function namesOf(nameKey: Uint8Array, memories: readonly Buffer[], found: Found): Uint8Array {
  const { pieces, areZero } = found;
  const names = Buffer.from(new ArrayBuffer(areZero.length * chunkNameBytes));
  const namer = new ChunkNamer(nameKey);
  for (let index = 0; index < areZero.length; index++) {
    if (areZero[index] === 1) continue;
    const at = pieces[index * spanWords + 1] ?? 0;
    const lengthBytes = (pieces[index * spanWords + 2] ?? 0) * blockBytes;
    const bytes = memories[pieces[index * spanWords] ?? 0]?.subarray(at, at + lengthBytes);
    if (bytes !== undefined) namer.name(bytes, names, index * chunkNameBytes);
  }
  return names;
}
