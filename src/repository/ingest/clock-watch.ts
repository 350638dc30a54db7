import type { Clock, Micros } from '../../base/clock.ts';

/** Difference between the two clocks that counts as a jump; NTP corrects less than this without a step, microseconds. */
const jumpMicrosMin = 1_000_000;

/** Notices that the wall clock was set, by comparing it with the steady clock. */
export class ClockWatch {
  readonly #clock: Clock;
  #offsetMicros: Micros;

  /** @param clock - whose two times are compared */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMicros = this.#offset();
  }

  /**
   * Tells how far the wall clock was set since the last call.
   * @returns microseconds, negative when it went back; 0 when it was not set
   */
  takeJump(): Micros {
    const offsetMicros = this.#offset();
    const jumpMicros = offsetMicros - this.#offsetMicros;
    this.#offsetMicros = offsetMicros;
    return Math.abs(jumpMicros) < jumpMicrosMin ? 0 : jumpMicros;
  }

  #offset(): Micros {
    return this.#clock.nowMicros() - Math.round(this.#clock.steadyMs() * 1000);
  }
}
