import { Blake3Hasher } from '@napi-rs/blake-hash';
import { blockBytes } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
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
  const names = new Uint8Array((job.runs.length / 2) * chunkNameBytes);
  const hasher = Blake3Hasher.newKeyed(Buffer.from(job.nameKey));
  for (let index = 0; index < job.runs.length / 2; index++) {
    const lengthBytes = (job.runs[index * 2 + 1] ?? 0) * blockBytes;
    hasher.reset();
    hasher.update(Buffer.from(job.buffer, job.runs[index * 2] ?? 0, lengthBytes));
    names.set(hasher.digestBuffer(), index * chunkNameBytes);
  }
  const bytes = Buffer.from(job.buffer);
  const areNotZero = Uint8Array.from(job.zeroBlocks, (at) => (isZeroBlock(bytes, at) ? 0 : 1));
  return { names, areNotZero };
}
