import { strict as assert } from 'node:assert';
import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { FooterEntry } from '../../format/footer.ts';
import { segmentHeaderBytes } from '../../format/segment-header.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import { type SegmentPlace, tailBytes } from '../../pipeline/segment-place.ts';
import type { Storage } from '../../storage/storage.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { SegmentFile, wholeSegment } from './segment-file.ts';

/** What the log is made from. */
export interface SegmentLogOptions {
  /** Where segments lie. */
  readonly storage: Storage;
  /** Seals footers. */
  readonly pipeline: Pipeline;
  /** Make the segments' keys. */
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly log: Logger;
  /** Random bytes for key salts. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** 16 bytes. */
  readonly repositoryId: Uint8Array;
  /** Newest segment of the store, 0 when there is none, and how much of it counts. */
  readonly newestSegment: number;
  readonly newestLengthBytes: number;
}

/** Bytes sealed for a place in a segment. */
export interface Sealed {
  /** The place, bytes. */
  readonly offsetBytes: number;
  /** Whole entries. */
  readonly bytes: Uint8Array;
}

/**
 * The end of the log, where entries are appended.
 *
 * Invariants:
 * - A segment of an earlier run is never appended to, so no nonce can be used twice.
 * - When a new segment begins, everything in the one before is durable, or its header says how much of it counts.
 * - After any failed write or sync the segment is given up: `generation` grows, and every commit that began before fails.
 *   Its next try goes to a new segment, whose header voids what the failed one holds beyond the last acknowledged commit.
 */
export class SegmentLog {
  /** Grows with every failure. */
  generation = 0;
  readonly #options: SegmentLogOptions;
  #active: SegmentFile | undefined;
  #newestSegment: number;
  #previous: { segment: number; lengthBytes: number };
  #turning: Promise<void> | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #wakeIdle: (() => void) | undefined;

  /** @param options - see SegmentLogOptions */
  constructor(options: SegmentLogOptions) {
    this.#options = options;
    this.#newestSegment = options.newestSegment;
    this.#previous = { segment: options.newestSegment, lengthBytes: options.newestLengthBytes };
  }

  /** Where the next entry would begin, or a place before it. */
  get end(): { readonly segment: number; readonly offsetBytes: number } {
    const file = this.#active;
    if (file === undefined || file.isFailed) {
      const isBeingMade = this.#turning !== undefined;
      const segment = isBeingMade ? this.#newestSegment : this.#newestSegment + 1;
      return { segment, offsetBytes: segmentHeaderBytes };
    }
    return { segment: file.segment, offsetBytes: tailBytes(file.place.tail) };
  }

  /**
   * Seals and writes entries at the end of the log; not yet durable.
   * @param seal - seals for the place it is given; also told how much of that segment was reported durable, bytes
   * @param describe - what was sealed, for the footer
   * @returns the segment, and what `seal` returned
   * @throws NO_SPACE, IO_FAILED
   */
  async store<T extends Sealed>(
    seal: (place: SegmentPlace, acknowledgedBytes: number) => Promise<T>,
    describe: (sealed: T) => readonly FooterEntry[],
  ): Promise<{ segment: number; sealed: T }> {
    const file = await this.#claim();
    try {
      const sealed = await seal(file.place, file.acknowledgedBytes);
      await file.write(sealed.bytes, sealed.offsetBytes, describe(sealed));
      return { segment: file.segment, sealed };
    } catch (error) {
      this.#fail(file);
      throw error;
    } finally {
      file.underWay--;
      if (file.underWay === 0) this.#wakeIdle?.();
    }
  }

  /**
   * Makes durable what was stored since `generation`.
   * @param generation - the log's generation when the caller began
   * @throws NO_SPACE, IO_FAILED; also when anything failed since then
   */
  async sync(generation: number): Promise<void> {
    const file = this.#active;
    if (file !== undefined && generation === this.generation) {
      try {
        await file.sync();
      } catch (error) {
        this.#fail(file);
        throw error;
      }
    }
    if (generation !== this.generation) throw interrupted();
  }

  /**
   * Notes that a commit was reported durable.
   * @param segment - where its record lies
   * @param endBytes - end of its record
   */
  acknowledge(segment: number, endBytes: number): void {
    if (this.#active?.segment === segment) this.#active.acknowledgedBytes = endBytes;
  }

  /** Gives the active segment up: what it holds beyond the last acknowledged commit is void from now on. */
  abandon(): void {
    if (this.#active?.isFailed === false) this.#fail(this.#active);
    else this.generation++;
  }

  /** Seals the active segment and ends. */
  async close(): Promise<void> {
    await this.#turning?.catch(() => undefined);
    const file = this.#active;
    this.#active = undefined;
    await this.#sealing;
    if (file === undefined) return;
    await this.#idle(file);
    if (file.isFailed) await file.close();
    else await this.#seal(file);
  }

  /** Counting the claim and looking at the file are one step, so that nobody leaves a segment that is about to be written. */
  async #claim(): Promise<SegmentFile> {
    for (;;) {
      if (this.#turning !== undefined) await this.#turning;
      const file = this.#active;
      if (file !== undefined && !file.isFailed && !file.isFull) {
        file.underWay++;
        return file;
      }
      this.#turning ??= this.#turn(file).finally(() => {
        this.#turning = undefined;
      });
      await this.#turning;
    }
  }

  /** Leaves the old segment (if any) and begins a new one. */
  async #turn(old: SegmentFile | undefined): Promise<void> {
    if (old !== undefined) await this.#leave(old);
    const keySalt = this.#options.randomBytes(32);
    const segment = ++this.#newestSegment;
    const file = await SegmentFile.create(this.#options.storage, {
      segment,
      repositoryId: this.#options.repositoryId,
      keySalt,
      segmentKey: this.#options.keys.segmentKey(keySalt),
      createdMicros: this.#options.clock.nowMicros(),
      previousSegment: this.#previous.segment,
      previousLengthBytes: this.#previous.lengthBytes,
    });
    this.#active = file;
  }

  async #leave(old: SegmentFile): Promise<void> {
    await this.#idle(old);
    this.#active = undefined;
    if (!old.isFailed) {
      await old.sync().catch(() => {
        this.#fail(old);
      });
    }
    this.#previous = {
      segment: old.segment,
      lengthBytes: old.isFailed ? old.acknowledgedBytes : wholeSegment,
    };
    const finish = old.isFailed ? () => old.close() : () => this.#seal(old);
    this.#sealing = this.#sealing.then(finish);
  }

  async #seal(file: SegmentFile): Promise<void> {
    try {
      await file.seal(this.#options.pipeline);
    } catch (error) {
      const { segment } = file;
      this.#options.log.warn('A segment stays without its footer; nothing is lost', {
        segment,
        error,
      });
    } finally {
      await file.close();
    }
  }

  #idle(file: SegmentFile): Promise<void> {
    if (file.underWay === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wakeIdle = () => {
        this.#wakeIdle = undefined;
        resolve();
      };
    });
  }

  #fail(file: SegmentFile): void {
    if (file.isFailed) return;
    assert(file.segment <= this.#newestSegment);
    file.isFailed = true;
    this.generation++;
  }
}

/** The error of a commit that began before the log failed. */
export function interrupted(): SecondwindError {
  const reason = 'an earlier write to the same segment failed';
  return new SecondwindError('IO_FAILED', { action: 'Storing', file: 'the repository', reason });
}
