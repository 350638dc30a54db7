import type { Micros } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { checkName } from '../base/names.ts';
import { formatIsoMoment, parseTimeText } from '../base/time-text.ts';

/** A moment as programs write it, in UTC and exact to the microsecond: "2026-11-21T13:05:09.250Z". */
export type IsoMoment = string;

/** A moment that is asked for: an IsoMoment, "now", or "bookmark:NAME". */
export type AskedMoment = string;

/** An AskedMoment, understood. */
export type MomentQuestion =
  | { readonly kind: 'at'; readonly micros: Micros }
  | { readonly kind: 'now' }
  | { readonly kind: 'bookmark'; readonly name: string };

const isoForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;
const bookmarkPrefix = 'bookmark:';

/**
 * Writes a moment for programs.
 * @param micros - the moment; undefined is handed through
 */
export function isoMoment(micros: Micros): IsoMoment;
export function isoMoment(micros: Micros | undefined): IsoMoment | undefined;
export function isoMoment(micros: Micros | undefined): IsoMoment | undefined {
  return micros === undefined ? undefined : formatIsoMoment(micros);
}

/**
 * Reads a moment that programs wrote.
 * @param text - with seconds and zone: "2026-11-21T13:05:09.250Z"
 * @throws TIME_NOT_UNDERSTOOD
 */
export function microsOfIso(text: IsoMoment): Micros {
  if (!isoForm.test(text)) {
    const reason = 'programs write it as 2026-11-21T13:05:09.250Z';
    throw new SecondwindError('TIME_NOT_UNDERSTOOD', { text: text.slice(0, 60), reason });
  }
  return parseTimeText(text, { nowMicros: 0, timeZone: 'UTC' });
}

/**
 * Understands which moment is asked for.
 * @param text - an IsoMoment, "now", or "bookmark:NAME"
 * @throws TIME_NOT_UNDERSTOOD; USAGE when a bookmark cannot have that name
 */
export function readQuestion(text: AskedMoment): MomentQuestion {
  if (text === 'now') return { kind: 'now' };
  if (!text.startsWith(bookmarkPrefix)) return { kind: 'at', micros: microsOfIso(text) };
  return { kind: 'bookmark', name: checkName('bookmark', text.slice(bookmarkPrefix.length)) };
}
