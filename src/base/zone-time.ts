import type { Micros } from './clock.ts';

/** A day of the calendar; month and day count from 1. */
export interface CalendarDay {
  /** Year, 1970 to 2254 where it came from outside. */
  readonly year: number;
  /** Month, 1 to 12. */
  readonly month: number;
  /** Day of the month, 1 to 31. */
  readonly day: number;
}

/** A moment as clocks on the wall show it somewhere. */
export interface WallTime extends CalendarDay {
  /** Microseconds since the wall clock showed midnight, 0 to 86,399,999,999. */
  readonly dayMicros: number;
}

/** Microseconds in a second. */
export const secondMicros: number = 1_000_000;
/** Microseconds in a day of 24 hours. */
export const dayMicros: number = 24 * 3600 * secondMicros;

/** Setting up a formatter costs 50 µs and there are some 600 zones, so every one seen is kept. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * Whether the text names a time zone that can be used here.
 * @param text - an IANA name such as "Europe/Berlin", or "UTC"
 */
export function isTimeZone(text: string): boolean {
  try {
    formatterFor(text);
    return true;
  } catch {
    return false; // Intl has no other way to ask.
  }
}

/**
 * What clocks in a zone show at a moment.
 * @param micros - moment
 * @param timeZone - IANA name, known to isTimeZone
 */
export function wallTimeAt(micros: Micros, timeZone: string): WallTime {
  const wallMicros = micros + zoneOffsetMicros(micros, timeZone);
  return { ...calendarDayOf(wallMicros), dayMicros: modulo(wallMicros, dayMicros) };
}

/**
 * The moment at which clocks in a zone show a time. Where they show it twice because they were put back, the earlier.
 * @param wall - what the clocks show
 * @param timeZone - IANA name, known to isTimeZone
 * @returns the moment, or undefined where the clocks were put forward over it
 */
export function momentOfWallTime(wall: WallTime, timeZone: string): Micros | undefined {
  const wallMicros = dayStartMicros(wall) + wall.dayMicros;
  // The right offset is that of the day before or of the day after, and the larger one gives the earlier moment.
  const offsets = [-dayMicros, dayMicros].map((shift) =>
    zoneOffsetMicros(wallMicros + shift, timeZone),
  );
  return offsets
    .sort((left, right) => right - left)
    .map((offset) => wallMicros - offset)
    .find((micros) => micros + zoneOffsetMicros(micros, timeZone) === wallMicros);
}

/**
 * How far clocks in a zone are ahead of UTC at a moment.
 * @param micros - moment
 * @param timeZone - IANA name, known to isTimeZone
 * @returns microseconds, negative west of Greenwich
 */
export function zoneOffsetMicros(micros: Micros, timeZone: string): number {
  const day = Math.floor(micros / dayMicros);
  const days = knownDays(timeZone);
  let known = days.get(day);
  if (known === undefined) {
    const first = exactOffsetMicros(day * dayMicros, timeZone);
    const last = exactOffsetMicros((day + 1) * dayMicros - secondMicros, timeZone);
    known = first === last ? first : 'changes';
    days.set(day, known);
  }
  return known === 'changes' ? exactOffsetMicros(micros, timeZone) : known;
}

/** No zone changes its clocks twice within a day, so a day that begins and ends with the same offset has no other. */
type DayOffset = number | 'changes';

/** Days remembered for one zone: asking the calendar costs ten times more than all else about writing a time, and lists are long. */
const knownDaysMax = 4096;
const daysByZone = new Map<string, Map<number, DayOffset>>();

function knownDays(timeZone: string): Map<number, DayOffset> {
  let days = daysByZone.get(timeZone);
  if (days === undefined || days.size >= knownDaysMax) {
    days = new Map();
    daysByZone.set(timeZone, days);
  }
  return days;
}

function exactOffsetMicros(micros: Micros, timeZone: string): number {
  const second = Math.floor(micros / secondMicros);
  const parts = new Map<string, number>();
  for (const part of formatterFor(timeZone).formatToParts(second * 1000)) {
    parts.set(part.type, Number(part.value));
  }
  const field = (name: string): number => parts.get(name) ?? 0;
  const wallMs = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  );
  return (wallMs / 1000 - second) * secondMicros;
}

/**
 * Whether the calendar has such a day.
 * @param day - any three numbers
 */
export function isCalendarDay(day: CalendarDay): boolean {
  const found = calendarDayOf(dayStartMicros(day));
  return found.year === day.year && found.month === day.month && found.day === day.day;
}

/**
 * The day a number of days away.
 * @param day - a day of the calendar
 * @param count - days later; negative for earlier
 */
export function daysLater(day: CalendarDay, count: number): CalendarDay {
  return calendarDayOf(dayStartMicros(day) + count * dayMicros);
}

/**
 * Day of the week.
 * @param day - a day of the calendar
 * @returns 0 for Sunday to 6 for Saturday
 */
export function weekdayOf(day: CalendarDay): number {
  return new Date(dayStartMicros(day) / 1000).getUTCDay();
}

function dayStartMicros(day: CalendarDay): number {
  return Date.UTC(day.year, day.month - 1, day.day) * 1000;
}

function calendarDayOf(wallMicros: number): CalendarDay {
  const date = new Date(Math.floor(wallMicros / 1000));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
