import type { Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import { parseTimeText } from '../../base/time-text.ts';
import { secondMicros, wallTimeAt, zoneOffsetMicros } from '../../base/zone-time.ts';

/** Names of the folders that lead to one second. */
export interface SecondNames {
  /** "2026-11-21" */
  readonly day: string;
  /** "14h+0100": the offset tells apart the two hours that clocks show when they are put back. */
  readonly hour: string;
  /** "14-05-09+0100"; no colons, which Windows does not allow in names. */
  readonly second: string;
}

/**
 * How a moment is called in folders.
 * @param micros - the moment
 * @param timeZone - IANA name
 */
export function secondNames(micros: Micros, timeZone: string): SecondNames {
  const wall = wallTimeAt(micros, timeZone);
  const seconds = Math.floor(wall.dayMicros / secondMicros);
  const [hour, minute, second] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  const offset = offsetText(zoneOffsetMicros(micros, timeZone));
  return {
    day: [String(wall.year).padStart(4, '0'), twoDigits(wall.month), twoDigits(wall.day)].join('-'),
    hour: `${twoDigits(hour)}h${offset}`,
    second: `${[hour, minute, second].map(twoDigits).join('-')}${offset}`,
  };
}

/**
 * The span of time that folder names stand for.
 * @param names - a day; with hour or second where those are known; hostile text
 * @param timeZone - IANA name
 * @returns first and last microsecond; undefined when they name no time
 */
export function spanOfNames(
  names: Partial<SecondNames> & { readonly day: string },
  timeZone: string,
): { readonly fromMicros: Micros; readonly toMicros: Micros } | undefined {
  const { day, hour, second } = names;
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return undefined;
  if (second !== undefined) return clockSpan(day, second, timeZone);
  if (hour !== undefined) return hourSpan(day, hour, timeZone);
  const fromMicros = momentOf(`${day} 00:00:00`, timeZone);
  if (fromMicros === undefined) return undefined;
  // A day may be 23 or 25 hours long, so its end is looked for from the middle of the next.
  const next = secondNames(fromMicros + 36 * 3600 * secondMicros, timeZone).day;
  const endMicros = momentOf(`${next} 00:00:00`, timeZone);
  return endMicros === undefined ? undefined : { fromMicros, toMicros: endMicros - 1 };
}

function hourSpan(day: string, name: string, timeZone: string): ReturnType<typeof spanOfNames> {
  const [, hour, offset] = /^(\d\d)h([+-]\d{4})$/.exec(name) ?? [];
  if (hour === undefined || offset === undefined) return undefined;
  const fromMicros = momentOf(`${day}T${hour}:00:00${withColon(offset)}`, timeZone);
  if (fromMicros === undefined) return undefined;
  return { fromMicros, toMicros: fromMicros + 3600 * secondMicros - 1 };
}

function clockSpan(day: string, name: string, timeZone: string): ReturnType<typeof spanOfNames> {
  const [, hour, minute, second, offset] = /^(\d\d)-(\d\d)-(\d\d)([+-]\d{4})$/.exec(name) ?? [];
  if (hour === undefined || offset === undefined) return undefined;
  const text = `${day}T${hour}:${minute}:${second}${withColon(offset)}`;
  const fromMicros = momentOf(text, timeZone);
  return fromMicros === undefined
    ? undefined
    : { fromMicros, toMicros: fromMicros + secondMicros - 1 };
}

function momentOf(text: string, timeZone: string): Micros | undefined {
  try {
    return parseTimeText(text, { nowMicros: 0, timeZone });
  } catch (error) {
    if (isSecondwindError(error, 'TIME_NOT_UNDERSTOOD')) return undefined;
    throw error;
  }
}

function withColon(offset: string): string {
  return `${offset.slice(0, 3)}:${offset.slice(3)}`;
}

function offsetText(offsetMicros: number): string {
  const minutes = Math.abs(Math.round(offsetMicros / (60 * secondMicros)));
  const sign = offsetMicros < 0 ? '-' : '+';
  return `${sign}${twoDigits(Math.floor(minutes / 60))}${twoDigits(minutes % 60)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
