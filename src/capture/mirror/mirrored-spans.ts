import type { Micros } from '../../base/clock.ts';
import { mirroredSpansMax } from '../../base/limits.ts';

/** A span of time in which every write to a disk was copied to us before the guest saw it done. */
export interface MirroredSpan {
  /** Its start. */
  fromMicros: Micros;
  /** The newest moment of which that is known. */
  untilMicros: Micros;
}

/** When one disk was mirrored without a break. */
export class MirroredSpans {
  readonly #spans: MirroredSpan[] = [];

  /** Begins a span. @param nowMicros - its start */
  begin(nowMicros: Micros): MirroredSpan {
    const span = { fromMicros: nowMicros, untilMicros: nowMicros };
    this.#spans.push(span);
    if (this.#spans.length > mirroredSpansMax) this.#spans.shift();
    return span;
  }

  /** Whether a moment lies in a span. @param atMicros - the moment */
  covers(atMicros: Micros): boolean {
    return this.#spans.some((span) => span.fromMicros <= atMicros && atMicros <= span.untilMicros);
  }
}

/**
 * Notes that a span has lasted until a moment.
 * @param span - the newest one
 * @param nowMicros - the moment; earlier than the start when the clock was set back, and the start then moves
 */
export function prolong(span: MirroredSpan, nowMicros: Micros): void {
  span.fromMicros = Math.min(span.fromMicros, nowMicros);
  span.untilMicros = Math.max(span.untilMicros, nowMicros);
}
