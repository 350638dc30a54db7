import { strict as assert } from 'node:assert';
import { SecondwindError } from '../base/errors.ts';
import { contentFrameBytesMax } from '../base/limits.ts';

/**
 * The contents of several files in one stream of bytes. Each frame is a header and, for data and failures, a payload; numbers are little-endian:
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | kind: 1 data, 2 end, 3 failure |
 * | 1 | 3 | zero |
 * | 4 | 4 | number of the item, from 0 |
 * | 8 | 8 | data: where it lies in the file; end: length of the file |
 * | 16 | 4 | length of the payload |
 *
 * What no data frame covers is a hole. A failure (the payload is JSON, an error document) ends its item as an end does.
 */
export type ContentFrame =
  | {
      readonly kind: 'data';
      readonly item: number;
      readonly offsetBytes: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'end'; readonly item: number; readonly sizeBytes: number }
  | { readonly kind: 'failure'; readonly item: number; readonly bytes: Uint8Array };

const headerBytes = 20;
const kinds = ['data', 'end', 'failure'] as const;

/**
 * Writes the header of a frame; its payload follows.
 * @param frame - see ContentFrame
 */
export function frameHeader(frame: ContentFrame): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  header[0] = kinds.indexOf(frame.kind) + 1;
  header.writeUInt32LE(frame.item, 4);
  const place =
    frame.kind === 'data' ? frame.offsetBytes : frame.kind === 'end' ? frame.sizeBytes : 0;
  header.writeBigUInt64LE(BigInt(place), 8);
  if (frame.kind !== 'end') header.writeUInt32LE(frame.bytes.length, 16);
  return header;
}

interface OpenFrame {
  readonly kind: (typeof kinds)[number];
  readonly item: number;
  place: number;
  left: number;
}

/** Takes frames out of a stream of bytes that comes in pieces of any length. Data is handed on as it comes, a frame in several parts. */
export class FrameReader {
  readonly #header = Buffer.alloc(headerBytes);
  #headerLength = 0;
  #frame: OpenFrame | undefined;
  #failure: Uint8Array[] = [];

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#headerLength === 0 && this.#frame === undefined;
  }

  /**
   * Takes a piece of the stream.
   * @param bytes - borrowed until the frames were taken
   * @returns frames, and parts of data frames, that it completes
   * @throws PROTOCOL
   */
  *take(bytes: Uint8Array): Generator<ContentFrame> {
    for (let at = 0; at < bytes.length || this.#isComplete(); ) {
      if (this.#frame === undefined) {
        at += this.#fillHeader(bytes.subarray(at));
        continue;
      }
      const part = bytes.subarray(at, at + this.#frame.left);
      at += part.length;
      yield* this.#pass(this.#frame, part);
    }
  }

  #isComplete(): boolean {
    return this.#frame?.left === 0;
  }

  #fillHeader(bytes: Uint8Array): number {
    const part = bytes.subarray(0, headerBytes - this.#headerLength);
    this.#header.set(part, this.#headerLength);
    this.#headerLength += part.length;
    if (this.#headerLength < headerBytes) return part.length;
    this.#headerLength = 0;
    const kind = kinds[this.#header[0]! - 1];
    const left = this.#header.readUInt32LE(16);
    const place = Number(this.#header.readBigUInt64LE(8));
    if (kind === undefined || left > contentFrameBytesMax || !Number.isSafeInteger(place)) {
      const reason = 'a frame of file content is not understood';
      throw new SecondwindError('PROTOCOL', { connection: 'the local socket', reason });
    }
    this.#frame = { kind, item: this.#header.readUInt32LE(4), place, left };
    return part.length;
  }

  *#pass(frame: OpenFrame, part: Uint8Array): Generator<ContentFrame> {
    const { kind, item } = frame;
    assert(part.length <= frame.left);
    const place = frame.place;
    frame.left -= part.length;
    frame.place += part.length;
    if (frame.left === 0) this.#frame = undefined;
    if (kind === 'end') {
      yield { kind, item, sizeBytes: place };
    } else if (kind === 'data') {
      yield { kind, item, offsetBytes: place, bytes: part };
    } else {
      this.#failure.push(Buffer.from(part));
      if (frame.left > 0) return;
      yield { kind, item, bytes: Buffer.concat(this.#failure) };
      this.#failure = [];
    }
  }
}
