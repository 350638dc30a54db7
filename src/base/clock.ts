/** Moment in microseconds since 1970-01-01T00:00:00Z, a safe integer until the year 2255. */
export type Micros = number;

/** Source of time, handed in so that simulations and tests decide what time it is. */
export interface Clock {
  /** Wall clock; may jump in both directions. */
  nowMicros(): Micros;
  /** Steady clock in milliseconds; never runs backward, zero is arbitrary. */
  steadyMs(): number;
  /**
   * Waits.
   * @param durationMs - milliseconds, 0 or more
   * @param signal - ends the wait early by rejecting with the signal's reason
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
