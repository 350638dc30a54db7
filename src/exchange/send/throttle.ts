import type { Clock, Micros } from '../../base/clock.ts';
import { dayMicros, wallTimeAt } from '../../base/zone-time.ts';

/** How fast may be sent at some time of the day. */
export interface ThrottleRule {
  /** First moment of the day, microseconds since midnight. */
  readonly fromMicros: Micros;
  /** End, exclusive, microseconds since midnight; not later than the first moment: past midnight. */
  readonly toMicros: Micros;
  /** Bytes per second; 0: nothing is sent. */
  readonly bytesPerSecond: number;
}

/** Parts of a throttle. */
export interface ThrottleOptions {
  /** The first that fits decides; where none does, nothing is held back. */
  readonly rules: readonly ThrottleRule[];
  /** Tells the time. */
  readonly clock: Clock;
  /** Zone of the rules, an IANA name. */
  readonly timeZone: string;
}

/** How often a rule that forbids sending is looked at again, milliseconds. */
const pausedLookMs = 10_000;
/** Longest wait before the rules are looked at again, milliseconds. */
const lookMs = 1_000;

/** Holds back what is sent, so that others can use the line. */
export class Throttle {
  readonly #options: ThrottleOptions;
  #freeAtMs = 0;

  /** @param options - see ThrottleOptions */
  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Bytes per second that may be sent now; undefined: as fast as it goes. */
  get bytesPerSecond(): number | undefined {
    const { rules, clock, timeZone } = this.#options;
    if (rules.length === 0) return undefined;
    const { dayMicros: nowMicros } = wallTimeAt(clock.nowMicros(), timeZone);
    return rules.find((rule) => isWithin(rule, nowMicros))?.bytesPerSecond;
  }

  /**
   * Waits until bytes may be sent.
   * @param bytes - how many
   * @param signal - ends the wait
   * @throws the signal's reason
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const rate = this.bytesPerSecond;
      if (rate === undefined) return;
      const waitMs = rate === 0 ? pausedLookMs : this.#freeAtMs - clock.steadyMs();
      if (rate > 0 && waitMs <= 0) {
        this.#freeAtMs = clock.steadyMs() + (bytes / rate) * 1000;
        return;
      }
      await clock.sleep(Math.min(waitMs, rate === 0 ? pausedLookMs : lookMs), signal);
    }
  }
}

function isWithin({ fromMicros, toMicros }: ThrottleRule, nowMicros: Micros): boolean {
  if (fromMicros < toMicros) return fromMicros <= nowMicros && nowMicros < toMicros;
  return nowMicros >= fromMicros || nowMicros < toMicros;
}

/** A whole day. */
export const allDay: Pick<ThrottleRule, 'fromMicros' | 'toMicros'> = {
  fromMicros: 0,
  toMicros: dayMicros,
};
