import type { Clock } from '../base/clock.ts';
import { progressIntervalMs } from '../base/limits.ts';

/** How far a restore, comparison or analysis has come. */
export interface RecoveryProgress {
  /** Words for people: "Writing". */
  readonly phase: string;
  /** Bytes of the disk dealt with in this phase, holes included. */
  readonly doneBytes: number;
  /** Bytes of the disk to deal with in this phase. */
  readonly totalBytes: number;
  /** Recent speed, bytes a second; 0 while unknown. */
  readonly bytesPerSecond: number;
  /** Expected time to the end of the phase, milliseconds; undefined while unknown. */
  readonly leftMs: number | undefined;
}

/** Receives progress, a few times a second and once at the end of each phase. */
export type RecoveryProgressSink = (progress: RecoveryProgress) => void;

/** How much the newest span of time counts for the recent speed, against all before it. */
const newestShare = 0.3;

/** Turns finished bytes into reports of progress, not more often than a person can read them. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #sink: RecoveryProgressSink | undefined;
  #phase = '';
  #doneBytes = 0;
  #totalBytes = 0;
  #reportedBytes = 0;
  #reportedMs = 0;
  #bytesPerSecond = 0;

  /**
   * @param clock - measures speed
   * @param sink - receives reports; none are made when left out
   */
  constructor(clock: Clock, sink: RecoveryProgressSink | undefined) {
    this.#clock = clock;
    this.#sink = sink;
  }

  /**
   * Begins a phase.
   * @param phase - words for people
   * @param totalBytes - work in it, bytes
   */
  start(phase: string, totalBytes: number): void {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
    this.#doneBytes = 0;
    this.#reportedBytes = 0;
    this.#bytesPerSecond = 0;
    this.#reportedMs = this.#clock.steadyMs();
    this.#report();
  }

  /**
   * Counts finished work.
   * @param lengthBytes - bytes
   */
  add(lengthBytes: number): void {
    this.#doneBytes += lengthBytes;
    if (this.#sink === undefined) return;
    const nowMs = this.#clock.steadyMs();
    const isOver = this.#doneBytes >= this.#totalBytes;
    if (!isOver && nowMs - this.#reportedMs < progressIntervalMs) return;
    this.#measure(nowMs);
    this.#report();
  }

  #measure(nowMs: number): void {
    const elapsedMs = nowMs - this.#reportedMs;
    if (elapsedMs <= 0) return;
    const newest = ((this.#doneBytes - this.#reportedBytes) * 1000) / elapsedMs;
    const share = this.#bytesPerSecond === 0 ? 1 : newestShare;
    this.#bytesPerSecond += (newest - this.#bytesPerSecond) * share;
    this.#reportedBytes = this.#doneBytes;
    this.#reportedMs = nowMs;
  }

  #report(): void {
    const leftBytes = this.#totalBytes - this.#doneBytes;
    const isKnown = this.#bytesPerSecond > 0 || leftBytes === 0;
    this.#sink?.({
      phase: this.#phase,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      bytesPerSecond: Math.round(this.#bytesPerSecond),
      leftMs: isKnown
        ? Math.round((leftBytes * 1000) / Math.max(this.#bytesPerSecond, 1))
        : undefined,
    });
  }
}
