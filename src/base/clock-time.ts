import { dayMicros, secondMicros } from './zone-time.ts';

/** Why a text is no time, in words that can end a sentence. It never leaves parseTimeText. */
export class Misunderstanding extends Error {}

/** What a pattern below found, by the name of the part. */
export type TimeParts = Readonly<Record<string, string | undefined>>;

/** Pattern of a time of day in lower case: "14:05:09.250", "9am", "noon". */
export const clockPattern: string =
  '(?:(?<hour>\\d{1,2})(?::(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,](?<fraction>\\d{1,6}))?)?)?' +
  ' ?(?<half>[ap]\\.?m\\.?)?|(?<word>noon|midnight))';

/** Pattern of a distance from UTC in lower case, with the name of the zone that formatMoment adds: "+01:00 (europe/berlin)". */
export const offsetPattern: string =
  ' ?(?<offset>z|utc|gmt|[+-]\\d\\d(?::?\\d\\d)?(?::\\d\\d)?)(?: ?\\([a-z0-9_+/-]+\\))?';

/**
 * Whether a time of day was among what was found.
 * @param parts - found by a pattern that holds clockPattern
 */
export function hasClock(parts: TimeParts): boolean {
  return parts['hour'] !== undefined || parts['word'] !== undefined;
}

/**
 * The time of day that was found.
 * @param parts - found by a pattern that holds clockPattern
 * @returns microseconds that the wall clock shows since midnight
 * @throws Misunderstanding when no clock shows such a time
 */
export function clockMicros(parts: TimeParts): number {
  if (parts['word'] !== undefined) return parts['word'] === 'noon' ? dayMicros / 2 : 0;
  const [hour, minute, second] = [parts['hour'], parts['minute'], parts['second']].map((part) =>
    Number(part ?? 0),
  );
  const isBareHour = parts['minute'] === undefined && parts['half'] === undefined;
  if (isBareHour) throw new Misunderstanding('an hour alone is not clear; write "9am" or "9:00"');
  if (minute! > 59 || second! > 59) throw new Misunderstanding('there is no such minute or second');
  const seconds = hourOfDay(hour!, parts['half']) * 3600 + minute! * 60 + second!;
  return seconds * secondMicros + fractionMicros(parts['fraction']);
}

function hourOfDay(hour: number, half: string | undefined): number {
  if (half === undefined) {
    if (hour > 23) throw new Misunderstanding('there is no such hour; a day ends at 23:59:59');
    return hour;
  }
  if (hour < 1 || hour > 12) throw new Misunderstanding('with am and pm hours go from 1 to 12');
  return (hour % 12) + (half.startsWith('p') ? 12 : 0);
}

/**
 * The distance from UTC that was found.
 * @param offset - found by offsetPattern
 * @returns microseconds ahead of UTC, negative to the west
 * @throws Misunderstanding when no zone is so far away
 */
export function offsetMicros(offset: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?(?::(\d\d))?$/.exec(offset);
  if (match === null) return 0; // z, utc, gmt
  const [hours, minutes, seconds] = match
    .slice(2)
    .map((part) => Number((part as string | undefined) ?? 0));
  if (hours! > 15 || minutes! > 59 || seconds! > 59) {
    throw new Misunderstanding(`no zone is ${offset} away from UTC`);
  }
  return (match[1] === '-' ? -1 : 1) * (hours! * 3600 + minutes! * 60 + seconds!) * secondMicros;
}

/**
 * The part of a second that was found.
 * @param digits - one to six digits behind the point; none when left out
 * @returns microseconds, 0 to 999,999
 */
export function fractionMicros(digits: string | undefined): number {
  return Number((digits ?? '').padEnd(6, '0'));
}
