import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { segmentBytesMax } from '../../base/limits.ts';
import { entryPlainBytesMax } from '../../format/entry.ts';
import { encodeFooter, encodeTrailer, type FooterEntry } from '../../format/footer.ts';
import { encodeSegmentHeader, segmentHeaderBytes } from '../../format/segment-header.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import { newTail, type SegmentPlace, tailBytes } from '../../pipeline/segment-place.ts';
import type { Storage, StorageWriter } from '../../storage/storage.ts';
import { segmentName } from './segment-name.ts';

/** What a new segment is made from. */
export interface NewSegment {
  /** Number of the segment, from 1. */
  readonly segment: number;
  /** 16 bytes. */
  readonly repositoryId: Uint8Array;
  /** 32 random bytes. */
  readonly keySalt: Uint8Array;
  /** Made from the salt, 32 bytes. */
  readonly segmentKey: Uint8Array;
  /** When it is begun. */
  readonly createdMicros: Micros;
  /** Number of the segment before, 0 for the first. */
  readonly previousSegment: number;
  /** Acknowledged length of the previous segment, or wholeSegment. */
  readonly previousLengthBytes: number;
  /** Length at which the segment is full, bytes. */
  readonly targetBytes: number;
}

/** Stands for the length of a previous segment that needs no cutting: everything in it counts. */
export const wholeSegment = 0xffffffff;

const footerLevel = 3;

/** A segment being written: its place for sealing, its file, and the list that will be its footer. */
export class SegmentFile {
  /** Number of the segment, from 1. */
  readonly segment: number;
  /** What sealing needs to know of it. */
  readonly place: SegmentPlace;
  /** End of the last commit that was reported durable, bytes. What lies beyond is void if this segment fails. */
  acknowledgedBytes: number = segmentHeaderBytes;
  /** Where its last commit record begins, bytes; 0 when there is none. */
  lastRecordBytes = 0;
  /** Entries being sealed or written, and whoever holds it. */
  underWay = 0;
  /** Whether a write or sync failed. */
  isFailed = false;
  readonly #header: Uint8Array;
  readonly #writer: StorageWriter;
  readonly #targetBytes: number;
  /** What is in the segment, told only when its footer is made: until then names in bulk take a tenth of the memory. */
  readonly #parts: (() => readonly FooterEntry[])[] = [];

  private constructor(made: NewSegment, header: Uint8Array, writer: StorageWriter) {
    this.segment = made.segment;
    const tail = newTail(segmentHeaderBytes);
    this.place = { segment: made.segment, segmentKey: made.segmentKey, tail };
    this.#header = header;
    this.#writer = writer;
    this.#targetBytes = made.targetBytes;
  }

  /**
   * Makes the file with its header. The header is durable before anything stands behind it: so a file that is longer than
   * an unreadable header is damaged, and a shorter one never held anything; and what the header voids stays void.
   * @param storage - where
   * @param made - header fields and key
   * @throws NO_SPACE, IO_FAILED, ALREADY_EXISTS
   */
  static async create(storage: Storage, made: NewSegment): Promise<SegmentFile> {
    const writer = await storage.create(segmentName(made.segment));
    const header = encodeSegmentHeader(made, made.segmentKey);
    try {
      await writer.write(header, 0);
      await writer.sync();
    } catch (error) {
      await writer.close();
      throw error;
    }
    return new SegmentFile(made, header, writer);
  }

  /** Whether the next entries belong into a new segment. */
  get isFull(): boolean {
    return tailBytes(this.place.tail) >= this.#targetBytes;
  }

  /**
   * Writes sealed bytes at the place they were sealed for.
   * @param bytes - whole entries
   * @param offsetBytes - their place
   * @param describe - tells what they are, for the footer
   * @throws NO_SPACE, IO_FAILED
   */
  async write(
    bytes: Uint8Array,
    offsetBytes: number,
    describe: () => readonly FooterEntry[],
  ): Promise<void> {
    assert(offsetBytes + bytes.length <= segmentBytesMax, 'a segment grew past its limit');
    await this.#writer.write(bytes, offsetBytes);
    this.#parts.push(describe);
  }

  /** Makes everything written durable. @throws NO_SPACE, IO_FAILED */
  async sync(): Promise<void> {
    await this.#writer.sync();
  }

  /**
   * Writes footer, a second copy of the header, and trailer. A segment without them is as good, only slower to list.
   * @param pipeline - seals the footer
   * @throws NO_SPACE, IO_FAILED
   */
  async seal(pipeline: Pipeline): Promise<void> {
    const entries = this.#parts.flatMap((describe) => describe());
    const plain = encodeFooter(entries.sort((left, right) => left.offsetBytes - right.offsetBytes));
    if (plain.length > entryPlainBytesMax) return;
    const job = { type: 'footer' as const, plain, place: this.place, level: footerLevel };
    const footer = await pipeline.run('sealRecord', job, 'store');
    const end = Buffer.concat([footer.bytes, this.#header]);
    await this.#writer.write(end, footer.offsetBytes);
    await this.#writer.sync();
    // Only now: behind a trailer everything is whole, so that what is not is damage.
    await this.#writer.write(encodeTrailer(footer.offsetBytes), footer.offsetBytes + end.length);
    await this.#writer.sync();
  }

  /** Releases the file. */
  async close(): Promise<void> {
    await this.#writer.close();
  }
}
