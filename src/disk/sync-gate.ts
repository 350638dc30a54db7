import type { Clock } from '../base/clock.ts';
import { syncBytesMax, syncPauseMsMax, syncPauseMsMin, syncSlowMs } from '../base/limits.ts';

/** Quick trials after a pause that make the next pause short again. */
const trialsToTrust = 16;

/**
 * Decides whether a file operation is done in the caller's own turn or by the thread pool. The page cache answers in
 * 1-25 µs where the pool needs 40-100, but a real disk would stop the event loop for milliseconds: so one slow
 * operation closes the gate for a while, and each slow trial afterwards for twice as long.
 */
export class SyncGate {
  readonly #clock: Clock;
  #closedUntilMs = 0;
  #pauseMs = syncPauseMsMin;
  #trialsLeft = 0;

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
    if (nowMs - startMs > syncSlowMs) this.#close(nowMs);
    else if (this.#trialsLeft > 0) this.#trialsLeft -= 1;
  }

  #close(nowMs: number): void {
    const isSlowAgain = this.#trialsLeft > 0;
    this.#pauseMs = isSlowAgain ? Math.min(this.#pauseMs * 2, syncPauseMsMax) : syncPauseMsMin;
    this.#closedUntilMs = nowMs + this.#pauseMs;
  }
}
