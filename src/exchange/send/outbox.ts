import { createHash } from 'node:crypto';
import type { Clock, Micros } from '../../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import type { CommitReceipt, CommitRequest } from '../../repository/contract.ts';
import { ChangeSignal } from '../change-signal.ts';
import type { CommitSpool, SpoolEntry } from './commit-spool.ts';
import { packCommit } from './pack-commit.ts';

/** Parts and bounds of an outbox. */
export interface OutboxOptions {
  /** Where commits wait. */
  readonly spool: CommitSpool;
  /** Disk space that they may take, bytes. */
  readonly bytesMax: number;
  /** Times what waits. */
  readonly clock: Clock;
}

/** A commit that was put into the outbox. */
export interface PostedCommit {
  /** Position in the stream. */
  readonly position: number;
  /** What is known of it before the receiver has it: nothing of its `sequence`. */
  readonly receipt: CommitReceipt;
  /** Ends when the receiver has it. */
  readonly stored: Promise<CommitReceipt>;
}

interface Waiting extends SpoolEntry {
  /** Steady time at which it was put in, milliseconds. */
  readonly sinceMs: number;
  readonly outcome: PromiseWithResolvers<CommitReceipt>;
}

/**
 * Commits of one machine on their way to a receiver, in order. What is put in is on stable storage and stays until the receiver
 * has it. When there is no room, whoever puts in waits.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting: Waiting[] = [];
  readonly #closing = new AbortController();
  #posting: Promise<unknown> = Promise.resolve();
  #lastPosition: number;
  #lastMicros: Micros = 0;
  readonly #changed = new ChangeSignal();
  /** Added to the time of commits: how far the receiver's clock is ahead, microseconds. */
  clockOffsetMicros = 0;

  /** @param options - see OutboxOptions */
  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#lastPosition = options.spool.lastPosition;
    for (const entry of options.spool.found) this.#add(entry);
  }

  /** Position of the oldest commit that waits, or of the next one. */
  get firstPosition(): number {
    return this.#waiting[0]?.position ?? this.#lastPosition + 1;
  }

  /** Commits that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Disk space in use, bytes. */
  get usedBytes(): number {
    return this.#waiting.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  }

  /** How long the oldest commit has waited, milliseconds. */
  get lagMs(): number {
    const oldest = this.#waiting[0];
    return oldest === undefined ? 0 : this.#options.clock.steadyMs() - oldest.sinceMs;
  }

  /**
   * Puts in a commit; calls follow one another. Ends when it is on stable storage.
   * @param request - its memory is borrowed until the call ends
   * @throws LIMIT_EXCEEDED, NO_SPACE, IO_FAILED, INTERRUPTED
   */
  async post(request: CommitRequest): Promise<PostedCommit> {
    const posting = this.#posting.then(() => this.#post(request));
    this.#posting = posting.catch(() => undefined);
    return posting;
  }

  /**
   * Waits for a commit to be sent.
   * @param position - at or behind the first
   * @param signal - ends the wait
   * @throws the signal's reason
   */
  async at(position: number, signal: AbortSignal): Promise<void> {
    while (position > this.#lastPosition) await this.#changed.next(signal);
  }

  /**
   * Waits until nothing is left to be sent of what is there now.
   * @param signal - ends the wait
   * @throws the signal's reason
   */
  async emptied(signal: AbortSignal): Promise<void> {
    const last = this.#lastPosition;
    while (this.firstPosition <= last) await this.#changed.next(signal);
  }

  /**
   * Takes note that the receiver has everything up to a commit.
   * @param position - of the newest it has
   * @param receipt - of that one, when it is told
   * @throws IO_FAILED
   */
  async settle(position: number, receipt?: CommitReceipt): Promise<void> {
    for (let head = this.#waiting[0]; head !== undefined; head = this.#waiting[0]) {
      if (head.position > position) break;
      await this.#options.spool.remove(head.position);
      this.#waiting.shift();
      const isTold = receipt !== undefined && head.position === position;
      head.outcome.resolve(isTold ? receipt : unknownReceipt);
    }
    this.#changed.notify();
  }

  /**
   * Tells whether what the receiver has is what was sent: not so when either side was set back to an earlier state.
   * @param position - of the newest commit that the receiver has; 0 for none
   * @param digest - SHA-256 of that commit
   * @throws IO_FAILED
   */
  async isShared(position: number, digest: Uint8Array): Promise<boolean> {
    if (position < this.firstPosition - 1 || position > this.#lastPosition) return false;
    if (position === 0) return true;
    try {
      await using commit = await this.#options.spool.read(position);
      return createHash('sha256').update(commit.encoded).digest().equals(digest);
    } catch (error) {
      // What is not there any more cannot be vouched for.
      const isGone = isSecondwindError(error) && error.data['systemCode'] === 'ENOENT';
      if (isGone || isSecondwindError(error, 'DAMAGED')) return false;
      throw error;
    }
  }

  /**
   * Gives up everything that waits, and begins a new stream.
   * @param error - what those hear who wait
   * @throws IO_FAILED, NO_SPACE
   */
  async restart(error: Error): Promise<void> {
    const restarting = this.#posting.then(async () => {
      await this.#options.spool.restart();
      for (const { outcome } of this.#waiting.splice(0)) outcome.reject(error);
      this.#lastPosition = 0;
      this.#changed.notify();
    });
    this.#posting = restarting.catch(() => undefined);
    await restarting;
  }

  /** Moves time forward. @param micros - later commits are made later than this */
  notBefore(micros: Micros): void {
    this.#lastMicros = Math.max(this.#lastMicros, micros);
  }

  /** Ends all waiting; what is on stable storage stays there. */
  async close(): Promise<void> {
    this.#closing.abort(new SecondwindError('INTERRUPTED', { action: 'Sending commits' }));
    await this.#posting;
    for (const { outcome } of this.#waiting) outcome.reject(this.#closing.signal.reason);
  }

  async #post(request: CommitRequest): Promise<PostedCommit> {
    const { spool, bytesMax } = this.#options;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const position = this.#lastPosition + 1;
    const cutMicros = request.timeMicros + this.clockOffsetMicros;
    const timeMicros = Math.max(cutMicros, this.#lastMicros + 1);
    const order = { position, timeMicros, nameKey: spool.identity.nameKey };
    const packed = await packCommit(request, order);
    const neededBytes = packed.groups.reduce((sum, { length }) => sum + length, 0);
    while (this.length > 0 && this.usedBytes + neededBytes > bytesMax)
      await this.#changed.next(signal);
    const entry = await spool.put(position, packed);
    this.#lastPosition = position;
    this.#lastMicros = timeMicros;
    const { outcome } = this.#add(entry);
    this.#changed.notify();
    const { changedBytes, dataBytes } = packed;
    const receipt = { timeMicros, sequence: 0, changedBytes, newBytes: dataBytes, storedBytes: 0 };
    return { position, receipt, stored: outcome.promise };
  }

  #add(entry: SpoolEntry): Waiting {
    const outcome = Promise.withResolvers<CommitReceipt>();
    // Whoever wants to hear of it does; nobody has to.
    outcome.promise.catch(() => undefined);
    const waiting = { ...entry, sinceMs: this.#options.clock.steadyMs(), outcome };
    this.#waiting.push(waiting);
    return waiting;
  }
}

/** The receiver said that it has a commit without saying how it stored it. */
const unknownReceipt: CommitReceipt = {
  timeMicros: 0,
  sequence: 0,
  changedBytes: 0,
  newBytes: 0,
  storedBytes: 0,
};
