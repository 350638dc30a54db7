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
import { SegmentFile } from './segment-file.ts';

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
  /** Number of the newest segment of the store, 0 when there is none; the next one's is higher. */
  readonly newestSegment: number;
  /** Newest segment that anything counts of, 0 when there is none, and how much. */
  readonly previousSegment: number;
  /** Bytes, or wholeSegment. */
  readonly previousLengthBytes: number;
  /** Length at which a segment is full, bytes. */
  readonly segmentBytes: number;
}

/** Bytes sealed for a place in a segment. */
export interface Sealed {
  /** The place, bytes. */
  readonly offsetBytes: number;
  /** Whole entries. */
  readonly bytes: Uint8Array;
}

/** A segment that nobody leaves while it is held, so that what is stored in it counts together or not at all. */
export interface HeldSegment {
  /** Number of the segment. */
  readonly segment: number;
  /** How much of it was reported durable, bytes. */
  readonly acknowledgedBytes: number;
  /** Where its last commit record begins, bytes; 0 when there is none. */
  readonly previousRecordBytes: number;
  /**
   * Seals and writes a commit record at its end; not yet durable.
   * @param seal - seals for the place it is given
   * @throws NO_SPACE, IO_FAILED
   */
  storeRecord<T extends Sealed>(seal: (place: SegmentPlace) => Promise<T>): Promise<T>;
  /** Makes durable what was stored so far. @throws NO_SPACE, IO_FAILED; also when anything failed meanwhile */
  sync(): Promise<void>;
  /**
   * Notes that everything up to here is reported durable: it counts from now on, whatever happens to the segment.
   * @param endBytes - end of the last record
   */
  acknowledge(endBytes: number): void;
}

/**
 * The end of the log, where entries are appended.
 *
 * Invariants:
 * - A segment of an earlier run is never appended to, so no nonce can be used twice.
 * - When a new segment begins, everything in the one before is durable, or its header says how much of it counts.
 * - After any failed write or sync the segment is given up: `generation` grows, and every commit that began before fails.
 *   Its next try goes to a new segment, whose header voids what the failed one holds beyond the last acknowledged commit.
 *   A failed segment in which nothing was acknowledged is passed over: the header names the one before it.
 * - Nobody leaves a segment while it is held. So how much of it counts is settled before a new header says it.
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
    this.#previous = { segment: options.previousSegment, lengthBytes: options.previousLengthBytes };
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
   * @param seal - seals for the place it is given
   * @param describe - tells what was sealed, once the footer is made
   * @returns the segment, and what `seal` returned
   * @throws NO_SPACE, IO_FAILED
   */
  async store<T extends Sealed>(
    seal: (place: SegmentPlace) => Promise<T>,
    describe: (sealed: T) => () => readonly FooterEntry[],
  ): Promise<{ segment: number; sealed: T }> {
    const file = await this.#claim();
    try {
      const sealed = await seal(file.place);
      await file.write(sealed.bytes, sealed.offsetBytes, describe(sealed));
      return { segment: file.segment, sealed };
    } catch (error) {
      this.#fail(file);
      throw error;
    } finally {
      this.#release(file);
    }
  }

  /**
   * Holds the segment at the end of the log. When the action fails, the segment is given up.
   * @param generation - the log's generation when the caller began
   * @param action - stores, syncs and acknowledges
   * @throws NO_SPACE, IO_FAILED; also when anything failed since then; and what the action throws
   */
  async hold<T>(generation: number, action: (held: HeldSegment) => Promise<T>): Promise<T> {
    const file = await this.#claim();
    try {
      if (generation !== this.generation) throw interrupted();
      return await action(this.#held(file, generation));
    } catch (error) {
      if (generation === this.generation) this.#fail(file);
      throw error;
    } finally {
      this.#release(file);
    }
  }

  /**
   * Gives up everything that began in a generation: the active segment holds nothing beyond its last acknowledged commit.
   * @param generation - nothing happens when it is over already
   */
  abandon(generation: number): void {
    if (generation !== this.generation) return;
    if (this.#active?.isFailed === false) this.#fail(this.#active);
    else this.generation++;
  }

  /** Seals the active segment and ends; a failed one is voided by the header of one more. */
  async close(): Promise<void> {
    await this.#turning?.catch(() => undefined);
    if (this.#active?.isFailed === true) {
      const { segment } = this.#active;
      await this.#turn(this.#active).catch((error: unknown) => {
        this.#options.log.warn('A failed segment could not be voided', { segment, error });
      });
    }
    if (this.#active !== undefined) await this.#leave(this.#active);
    await this.#sealing;
  }

  #held(file: SegmentFile, generation: number): HeldSegment {
    return {
      segment: file.segment,
      get acknowledgedBytes() {
        return file.acknowledgedBytes;
      },
      get previousRecordBytes() {
        return file.lastRecordBytes;
      },
      storeRecord: async (seal) => {
        const sealed = await seal(file.place);
        const { bytes, offsetBytes } = sealed;
        await file.write(bytes, offsetBytes, () => [{ type: 'commit', offsetBytes, chunks: [] }]);
        file.lastRecordBytes = offsetBytes;
        return sealed;
      },
      sync: async () => {
        await file.sync();
        if (generation !== this.generation) throw interrupted();
      },
      acknowledge: (endBytes) => {
        assert(endBytes >= file.acknowledgedBytes, 'commits are acknowledged in order');
        file.acknowledgedBytes = endBytes;
      },
    };
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
      targetBytes: this.#options.segmentBytes,
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
    const { segment, acknowledgedBytes, isFailed } = old;
    if (!isFailed) this.#previous = { segment, lengthBytes: tailBytes(old.place.tail) };
    else if (acknowledgedBytes > segmentHeaderBytes) {
      this.#previous = { segment, lengthBytes: acknowledgedBytes };
    }
    this.#sealing = this.#sealing.then(() => this.#finish(old));
  }

  /** Never rejects: what counts of the segment is durable already. */
  async #finish(file: SegmentFile): Promise<void> {
    const { segment } = file;
    try {
      if (!file.isFailed) await file.seal(this.#options.pipeline);
    } catch (error) {
      this.#options.log.warn('A segment stays without its footer; nothing is lost', {
        segment,
        error,
      });
    }
    await file.close().catch((error: unknown) => {
      this.#options.log.warn('A segment could not be closed', { segment, error });
    });
  }

  #release(file: SegmentFile): void {
    file.underWay--;
    if (file.underWay === 0) this.#wakeIdle?.();
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
