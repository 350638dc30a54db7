import { blockBytes, groupBytesTarget } from '../base/limits.ts';
import { chunkNameBytes } from '../format/chunk-group.ts';
import { spanWords } from '../pipeline/cut.ts';
import type { Pipeline } from '../pipeline/operation-table.ts';
import { newTail } from '../pipeline/segment-place.ts';

/** Plain bytes sealed by one job, as when a commit is stored: groups end where jobs end. */
const jobBytes = 2 * 1024 * 1024;

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
   * Takes some of the new chunks.
   * @param chunks - in the order of the image; their memory is borrowed until the call ends
   */
  async offer(chunks: NewChunks): Promise<void> {
    const jobs = slices(chunks, jobBytes).map((job) => this.#taken(job));
    const sealed = await Promise.all(
      jobs.filter((job) => job.names.length > 0).map((job) => this.#seal(job)),
    );
    for (const sealedBytes of sealed) this.#sealedBytes += sealedBytes;
  }

  /** Whole groups are taken or left: put together again, they make the same groups. */
  #taken(job: NewChunks): NewChunks {
    const taken: NewChunks = { buffer: job.buffer, places: [], names: [] };
    for (const group of slices(job, groupBytesTarget)) {
      const isDue = this.#plainBytes <= this.#share * this.#newBytes;
      const groupBytes = bytesOf(group);
      this.#newBytes += groupBytes;
      if (!isDue) continue;
      this.#plainBytes += groupBytes;
      taken.places.push(...group.places);
      taken.names.push(...group.names);
    }
    return taken;
  }

  async #seal(chunks: NewChunks): Promise<number> {
    const place = { segment: 0, segmentKey: this.#segmentKey, tail: newTail(0) };
    const job = {
      buffers: [chunks.buffer],
      chunks: spansOf(chunks),
      names: Buffer.concat(chunks.names, chunks.names.length * chunkNameBytes),
      place,
      level: this.#level,
    };
    return (await this.#pipeline.run('sealGroups', job, 'store')).bytes.length;
  }
}

/** All lie in the one memory, whose number is 0. */
function spansOf({ places }: NewChunks): Uint32Array {
  const spans = new Uint32Array((places.length / 2) * spanWords);
  for (let index = 0; index < places.length / 2; index++) {
    spans.set([0, places[index * 2]!, places[index * 2 + 1]!], index * spanWords);
  }
  return spans;
}

/** Divides chunks into slices that end with the chunk that fills them. */
function slices({ buffer, places, names }: NewChunks, sliceBytes: number): readonly NewChunks[] {
  const found: NewChunks[] = [];
  let filledBytes = sliceBytes;
  for (const [index, name] of names.entries()) {
    if (filledBytes >= sliceBytes) {
      found.push({ buffer, places: [], names: [] });
      filledBytes = 0;
    }
    const slice = found.at(-1);
    slice?.places.push(places[index * 2]!, places[index * 2 + 1]!);
    slice?.names.push(name);
    filledBytes += places[index * 2 + 1]! * blockBytes;
  }
  return found;
}

function bytesOf({ places }: NewChunks): number {
  let blocks = 0;
  for (let index = 1; index < places.length; index += 2) blocks += places[index]!;
  return blocks * blockBytes;
}
