import { blockBytes } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import type { Pipeline } from '../pipeline/operation-table.ts';
import { newTail } from '../pipeline/segment-place.ts';

/** Plain bytes sealed by one job, as when a commit is stored: groups end where jobs end. */
const jobBlocks = 512;

/** New chunks of one piece of an image. */
export interface NewChunks {
  /** Memory that holds the chunks, borrowed. */
  readonly buffer: SharedArrayBuffer;
  /** For each chunk: offset in the buffer in bytes, and length in blocks. */
  readonly places: number[];
  /** Names of the chunks. */
  readonly names: Uint8Array[];
}

/**
 * Finds out how well chunks compress, by sealing them just as a repository does and throwing the result away. It takes as
 * much of them as its share allows, evenly along the images.
 */
export class CompressionSample {
  readonly #pipeline: Pipeline;
  readonly #level: number;
  readonly #share: number;
  /** A key for bytes that nobody will ever open. */
  readonly #segmentKey = new Uint8Array(32);
  #newBytes = 0;
  #plainBytes = 0;
  #sealedBytes = 0;

  /**
   * @param pipeline - seals
   * @param level - zstd level
   * @param share - part of the new data to take, over 0 to 1
   */
  constructor(pipeline: Pipeline, level: number, share: number) {
    this.#pipeline = pipeline;
    this.#level = level;
    this.#share = share;
  }

  /** Part of the new data that was taken, 0 to 1. */
  get takenShare(): number {
    return this.#newBytes === 0 ? 1 : this.#plainBytes / this.#newBytes;
  }

  /** Bytes sealed for each plain byte, headers included; 1 while nothing was taken. */
  get sealedPerPlain(): number {
    return this.#plainBytes === 0 ? 1 : this.#sealedBytes / this.#plainBytes;
  }

  /**
   * Takes new chunks, or not.
   * @param chunks - in the order of the image; their memory is borrowed until the call ends
   */
  async offer(chunks: NewChunks): Promise<void> {
    const bytes = blocksOf(chunks.places) * blockBytes;
    this.#newBytes += bytes;
    if (bytes === 0 || this.#plainBytes > this.#share * (this.#newBytes - bytes)) return;
    this.#plainBytes += bytes;
    const sealed = await Promise.all(jobsOf(chunks).map((job) => this.#seal(job)));
    for (const sealedBytes of sealed) this.#sealedBytes += sealedBytes;
  }

  async #seal(chunks: NewChunks): Promise<number> {
    const place = { segment: 0, segmentKey: this.#segmentKey, tail: newTail(0) };
    const job = {
      buffer: chunks.buffer,
      chunks: Uint32Array.from(chunks.places),
      names: Buffer.concat(chunks.names, chunks.names.length * chunkNameBytes),
      place,
      level: this.#level,
    };
    return (await this.#pipeline.run('sealGroups', job, 'store')).bytes.length;
  }
}

function jobsOf({ buffer, places, names }: NewChunks): readonly NewChunks[] {
  const jobs: NewChunks[] = [];
  let blocks = jobBlocks;
  for (const [index, name] of names.entries()) {
    if (blocks >= jobBlocks) {
      jobs.push({ buffer, places: [], names: [] });
      blocks = 0;
    }
    const job = jobs.at(-1);
    job?.places.push(places[index * 2]!, places[index * 2 + 1]!);
    job?.names.push(name);
    blocks += places[index * 2 + 1]!;
  }
  return jobs;
}

function blocksOf(places: readonly number[]): number {
  let blocks = 0;
  for (let index = 1; index < places.length; index += 2) blocks += places[index]!;
  return blocks;
}
