import type { Clock } from '../base/clock.ts';
import {
  syncBytesMax,
  syncGainMs,
  syncPauseMsMax,
  syncPauseMsMin,
  syncSavedMsMax,
  syncSlowMs,
} from '../base/limits.ts';

/** Quick operations after a pause that make the next pause short again. */
const trialsToTrust = 64;

/**
 * Decides whether a file operation is done in the caller's own turn or by the thread pool. The page cache answers in
 * 1-25 µs where the pool needs 40-100, but a real disk would stop the event loop for milliseconds. So quick operations earn
 * the time they save, slow ones spend it, and when nothing is left the gate closes for a while; each time that this happens
 * soon again for twice as long. A single slow operation among many quick ones, which on a busy machine is only the
 * scheduler's doing, changes nothing.
 */
export class SyncGate {
  readonly #clock: Clock;
  #closedUntilMs = 0;
  #pauseMs: number = syncPauseMsMin;
  #trialsLeft = 0;
  #savedMs = 0;

  /** @param clock - measures the operations */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether to operate at once.
   * @param lengthBytes - size of the operation, bytes
   */
  isOpenFor(lengthBytes: number): boolean {
    if (lengthBytes > syncBytesMax) return false;
    if (this.#closedUntilMs === 0) return true;
    if (this.#clock.steadyMs() < this.#closedUntilMs) return false;
    this.#closedUntilMs = 0;
    this.#trialsLeft = trialsToTrust;
    return true;
  }

  /**
   * Tells how long an operation done at once took.
   * @param startMs - steady time at its start, milliseconds
   */
  record(startMs: number): void {
    const nowMs = this.#clock.steadyMs();
    const tookMs = nowMs - startMs;
    if (tookMs <= syncSlowMs) {
      this.#savedMs = Math.min(this.#savedMs + syncGainMs, syncSavedMsMax);
      if (this.#trialsLeft > 0) this.#trialsLeft -= 1;
      return;
    }
    this.#savedMs -= tookMs;
    if (this.#savedMs < 0) this.#close(nowMs);
  }

  #close(nowMs: number): void {
    const isSlowAgain = this.#trialsLeft > 0;
    this.#pauseMs = isSlowAgain ? Math.min(this.#pauseMs * 2, syncPauseMsMax) : syncPauseMsMin;
    this.#closedUntilMs = nowMs + this.#pauseMs;
    this.#savedMs = 0;
  }
}
