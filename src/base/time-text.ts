import type { Micros } from './clock.ts';
import { Misunderstanding } from './clock-time.ts';
import { SecondwindError } from './errors.ts';
import { timeTextCharactersMax } from './limits.ts';
import { type TimeTextContext, timeForms } from './time-forms.ts';
import { secondMicros, wallTimeAt, zoneOffsetMicros } from './zone-time.ts';

/** Later years do not fit in microseconds that are safe integers. */
const latestYear = 2254;

/**
 * Reads a time as people write it. A clock time alone is the most recent such time, and so is a weekday; a day alone is its first moment.
 * "last friday" is never today. A day "ago" is 24 hours. Where clocks were put back and showed a time twice, the earlier
 * is taken: write "2026-10-25 02:30 +01:00" for the later.
 * @param text - for example "now", "14:05", "yesterday 9am", "1h30m ago", "friday 17:30", "2026-11-21 14:05:09.250",
 *   "2026-11-21T14:05Z", "21.11.2026 14:05", "@1700000000"; case does not matter
 * @param context - see TimeTextContext
 * @returns the moment; it may lie in the future when a date says so
 * @throws TIME_NOT_UNDERSTOOD with the reason
 */
export function parseTimeText(text: string, context: TimeTextContext): Micros {
  try {
    return momentOf(text, context);
  } catch (error) {
    if (!(error instanceof Misunderstanding)) throw error;
    const visible = text.toWellFormed().replace(/\p{C}/gu, '�');
    const shown = visible.length > timeTextCharactersMax ? `${visible.slice(0, 60)}…` : visible;
    throw new SecondwindError('TIME_NOT_UNDERSTOOD', { text: shown, reason: error.message });
  }
}

/**
 * Writes a moment for people, with its zone: "2026-11-21 14:05:09.250 +01:00 (Europe/Berlin)". parseTimeText reads it
 * back exactly: microseconds are shown where they are not zero.
 * @param micros - the moment
 * @param timeZone - IANA name, known to isTimeZone
 */
export function formatMoment(micros: Micros, timeZone: string): string {
  const wall = wallTimeAt(micros, timeZone);
  const seconds = Math.floor(wall.dayMicros / secondMicros);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(twoDigits).join(':');
  const date = [String(wall.year).padStart(4, '0'), ...[wall.month, wall.day].map(twoDigits)];
  const offset = formatOffset(zoneOffsetMicros(micros, timeZone));
  return `${date.join('-')} ${clock}.${fractionDigits(wall.dayMicros)} ${offset} (${timeZone})`;
}

/**
 * Writes a moment for programs: "2026-11-21T13:05:09.250Z", with microseconds where they are not zero.
 * @param micros - the moment
 */
export function formatIsoMoment(micros: Micros): string {
  const second = Math.floor(micros / secondMicros);
  const whole = new Date(second * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${whole}.${fractionDigits(micros)}Z`;
}

/**
 * Reads what formatIsoMoment wrote, and nothing else; for long lists, where finding out what a person may mean would cost too much.
 * @param text - the moment
 * @returns undefined when it has another form
 */
export function readIsoMoment(text: string): Micros | undefined {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3}|\d{6})Z$/.exec(text);
  const wholeMs = found === null ? NaN : Date.parse(`${found[1]!}Z`);
  if (Number.isNaN(wholeMs)) return undefined;
  const micros = wholeMs * 1000 + Number(found![2]!.padEnd(6, '0'));
  return formatIsoMoment(micros) === text ? micros : undefined;
}

function momentOf(text: string, context: TimeTextContext): Micros {
  if (text.length > timeTextCharactersMax) {
    throw new Misunderstanding(`it is longer than ${timeTextCharactersMax} characters`);
  }
  const words = text.trim().replace(/\s+/g, ' ').toLowerCase();
  if (words === '') throw new Misunderstanding('it is empty');
  for (const form of timeForms) {
    const micros = form(words, context);
    if (micros !== undefined) return checkRange(micros);
  }
  throw new Misunderstanding('it has no form that is known here');
}

function checkRange(micros: Micros): Micros {
  if (micros < 0) throw new Misunderstanding('it lies before 1970');
  if (micros >= Date.UTC(latestYear + 1, 0) * 1000) {
    throw new Misunderstanding(`it lies after the year ${latestYear}`);
  }
  return micros;
}

function fractionDigits(micros: number): string {
  const digits = String(((micros % secondMicros) + secondMicros) % secondMicros).padStart(6, '0');
  return digits.endsWith('000') ? digits.slice(0, 3) : digits;
}

function formatOffset(micros: number): string {
  const seconds = Math.abs(micros) / secondMicros;
  const parts = [seconds / 3600, (seconds / 60) % 60].map(twoDigits);
  if (seconds % 60 !== 0) parts.push(twoDigits(seconds % 60)); // Only zones of long ago.
  return `${micros < 0 ? '-' : '+'}${parts.join(':')}`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
