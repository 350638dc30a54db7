import type { Clock } from '../../base/clock.ts';
import { storePaceBytesPerSecond } from '../../base/limits.ts';

/** Span over which it is looked at how much was captured, milliseconds: as long as a window. */
const lookBackMs = 1_000;
/** Part of the pace above which the protected disks count as busy. */
const busyShare = 0.5;

/**
 * How fast captured data is stored while the protected disks are busy. Storing takes the processor from whoever serves
 * these disks, so a burst is stored at the pace that keeps the lag within its aim, and caught up with once it is over.
 */
export class StorePace {
  readonly #clock: Clock;
  readonly #captured: { readonly atMs: number; readonly bytes: number }[] = [];
  #freeAtMs = 0;

  /** @param clock - measures the pace */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes that a cut was captured. @param bytes - its data */
  captured(bytes: number): void {
    this.#captured.push({ atMs: this.#clock.steadyMs(), bytes });
    this.#forget();
  }

  /**
   * Tells how long the next cut has to wait for its turn, and takes the turn.
   * @param bytes - its data
   * @returns milliseconds
   */
  wait(bytes: number): number {
    const nowMs = this.#clock.steadyMs();
    const startMs = this.#isBusy() ? Math.max(nowMs, this.#freeAtMs) : nowMs;
    this.#freeAtMs = startMs + (bytes / storePaceBytesPerSecond) * 1000;
    return startMs - nowMs;
  }

  #isBusy(): boolean {
    this.#forget();
    const bytes = this.#captured.reduce((sum, each) => sum + each.bytes, 0);
    return (bytes / lookBackMs) * 1000 > storePaceBytesPerSecond * busyShare;
  }

  #forget(): void {
    const fromMs = this.#clock.steadyMs() - lookBackMs;
    while (this.#captured[0] !== undefined && this.#captured[0].atMs < fromMs) {
      this.#captured.shift();
    }
  }
}
