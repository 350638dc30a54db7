import { blockBytes } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import { ChunkNamer } from './chunk-namer.ts';
import { isZeroBlock } from './zero-block.ts';

/** Runs of blocks to be compared with what is stored. */
export interface NameRunsJob {
  /** Memory that holds all runs. */
  readonly buffer: SharedArrayBuffer;
  /** Runs to be named, for each: offset in the buffer in bytes, and length in blocks. */
  readonly runs: Uint32Array;
  /** Blocks that should be zeroes: their offsets in the buffer, bytes. */
  readonly zeroBlocks: Uint32Array;
  /** Key of the chunk names, 32 bytes. */
  readonly nameKey: Uint8Array;
}

/** What the runs are. */
export interface NameRunsResult {
  /** Name of each run as if it were one chunk, 32 bytes each. */
  readonly names: Uint8Array;
  /** For each block that should be zeroes: 1 when it is not. */
  readonly areNotZero: Uint8Array;
}

/**
 * Names runs as chunks are named, so that they can be compared with stored chunks without reading these.
 * @param job - runs and the key
 */
export function nameRuns(job: NameRunsJob): NameRunsResult {
  const bytes = Buffer.from(job.buffer);
  const names = Buffer.from(new ArrayBuffer((job.runs.length / 2) * chunkNameBytes));
  const namer = new ChunkNamer(job.nameKey);
  for (let index = 0; index < job.runs.length / 2; index++) {
    const at = job.runs[index * 2] ?? 0;
    const lengthBytes = (job.runs[index * 2 + 1] ?? 0) * blockBytes;
    namer.name(bytes.subarray(at, at + lengthBytes), names, index * chunkNameBytes);
  }
  const areNotZero = Uint8Array.from(job.zeroBlocks, (at) => (isZeroBlock(bytes, at) ? 0 : 1));
  return { names, areNotZero };
}
