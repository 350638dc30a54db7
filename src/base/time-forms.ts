import type { Micros } from './clock.ts';
import {
  clockMicros,
  clockPattern,
  fractionMicros,
  hasClock,
  Misunderstanding,
  offsetMicros,
  offsetPattern,
  type TimeParts,
} from './clock-time.ts';
import { durationMsOf } from './units.ts';
import {
  type CalendarDay,
  dayMicros,
  daysLater,
  isCalendarDay,
  momentOfWallTime,
  secondMicros,
  wallTimeAt,
  weekdayOf,
} from './zone-time.ts';

/** What a time is relative to. */
export interface TimeTextContext {
  /** The present moment. */
  readonly nowMicros: Micros;
  /** Zone of clock times that name none; an IANA name known to isTimeZone. */
  readonly timeZone: string;
}

/** One way to write a time; gives undefined when the text, in lower case with single spaces, is not its own. */
export type TimeForm = (text: string, context: TimeTextContext) => Micros | undefined;

const clockOnly = new RegExp(`^${clockPattern}$`);
const isoDate = new RegExp(
  `^(?<year>\\d{4})-(?<month>\\d\\d?)-(?<day>\\d\\d?)(?:(?:t| at | )${clockPattern}(?:${offsetPattern})?)?$`,
);
const dottedDate = new RegExp(
  `^(?<day>\\d\\d?)\\.(?<month>\\d\\d?)\\.(?<year>\\d{4})(?:(?:,| at)? ${clockPattern})?$`,
);
const dayWord =
  '(?<dayWord>today|yesterday|(?:on |last )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)';
const wordThenClock = new RegExp(`^${dayWord}(?:(?:,| at)? ${clockPattern})?$`);
const clockThenWord = new RegExp(`^${clockPattern}(?:,| on)? ${dayWord}$`);

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** The ways to write a time, tried in turn. */
export const timeForms: readonly TimeForm[] = [
  (text, context) => (text === 'now' ? context.nowMicros : undefined),
  epochSeconds,
  timeAgo,
  recentClockTime,
  recentDay,
  calendarDate,
  knownMistake,
];

function epochSeconds(text: string): Micros | undefined {
  const match = /^@(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * secondMicros + fractionMicros(match[2]);
}

function timeAgo(text: string, context: TimeTextContext): Micros | undefined {
  const span = /^(.*) ago$/.exec(text)?.[1];
  if (span === undefined) return undefined;
  if (/\b(month|year)s?\b/.test(span)) {
    throw new Misunderstanding('months and years differ in length; write the date');
  }
  const durationMs = durationMsOf(span);
  if (durationMs === undefined) throw new Misunderstanding(`"${span}" is no length of time`);
  return context.nowMicros - Math.round(durationMs * 1000);
}

function recentClockTime(text: string, context: TimeTextContext): Micros | undefined {
  const parts = clockOnly.exec(text)?.groups;
  if (parts === undefined) return undefined;
  if (/^\d+$/.test(text)) {
    throw new Misunderstanding('a number alone says too little; for a time of day write "14:00"');
  }
  return latestPast(wallTimeAt(context.nowMicros, context.timeZone), 1, parts, context);
}

function recentDay(text: string, context: TimeTextContext): Micros | undefined {
  const parts = (wordThenClock.exec(text) ?? clockThenWord.exec(text))?.groups;
  if (parts === undefined) return undefined;
  const today = wallTimeAt(context.nowMicros, context.timeZone);
  const word = parts['dayWord']!;
  if (word === 'today') return onDay(today, parts, context);
  if (word === 'yesterday') return onDay(daysLater(today, -1), parts, context);
  const weekday = weekdays.indexOf(word.split(' ').at(-1)!);
  const isLast = word.startsWith('last ');
  const daysBack = (weekdayOf(today) - weekday + 7) % 7;
  const backMin = isLast && daysBack === 0 ? 7 : daysBack;
  return latestPast(daysLater(today, -backMin), 7, parts, context);
}

/** The clock time on `day` or, where that is still to come, `stepDays` earlier. */
function latestPast(
  day: CalendarDay,
  stepDays: number,
  parts: TimeParts,
  context: TimeTextContext,
): Micros {
  const wall = { ...day, dayMicros: dayTimeMicros(parts) };
  const now = wallTimeAt(context.nowMicros, context.timeZone);
  const micros = momentOfWallTime(wall, context.timeZone);
  // A time that the clocks skip is still to come if it is later than what they show now.
  const isToday = now.day === wall.day && now.month === wall.month && now.year === wall.year;
  const isComing =
    micros === undefined ? isToday && wall.dayMicros > now.dayMicros : micros > context.nowMicros;
  return onDay(isComing ? daysLater(day, -stepDays) : day, parts, context);
}

function calendarDate(text: string, context: TimeTextContext): Micros | undefined {
  const parts = (isoDate.exec(text) ?? dottedDate.exec(text))?.groups;
  if (parts === undefined) return undefined;
  const [year, month, day] = [parts['year'], parts['month'], parts['day']].map(Number);
  const date = { year: year!, month: month!, day: day! };
  if (!isCalendarDay(date)) throw new Misunderstanding(`the calendar has no ${dateText(date)}`);
  const offset = parts['offset'];
  if (offset === undefined) return onDay(date, parts, context);
  return (
    momentOfWallTime({ ...date, dayMicros: clockMicros(parts) }, 'UTC')! - offsetMicros(offset)
  );
}

/**
 * Says what is wrong with texts that people are likely to write and that must not be guessed at.
 * @throws Misunderstanding with what to write instead
 */
function knownMistake(text: string): undefined {
  const slashes = /^(\d{1,2})\/(\d{1,2})\/(\d{4})\b/.exec(text);
  if (slashes !== null) {
    const [first, second, year] = slashes.slice(1).map((part) => part.padStart(2, '0'));
    throw new Misunderstanding(
      `with slashes it is not clear which is the month; write "${year!}-${first!}-${second!}" or "${year!}-${second!}-${first!}"`,
    );
  }
  if (/^(tomorrow|in |next )/.test(text)) throw new Misunderstanding('it lies in the future');
  if (/^last (night|week|month|year)/.test(text)) {
    throw new Misunderstanding('it is a span, not a moment');
  }
  const zone = / ([a-z]{3,4})$/.exec(text)?.[1];
  if (zone === 'utc' || zone === 'gmt')
    throw new Misunderstanding('with a zone it needs the date too');
  if (zone !== undefined && /\d/.test(text)) {
    throw new Misunderstanding(
      `"${zone.toUpperCase()}" has more than one meaning; write the zone as +01:00`,
    );
  }
  return undefined;
}

function onDay(day: CalendarDay, parts: TimeParts, context: TimeTextContext): Micros {
  const wall = { ...day, dayMicros: dayTimeMicros(parts) };
  const micros = momentOfWallTime(wall, context.timeZone);
  if (micros !== undefined) return micros;
  // Some zones put clocks forward at midnight: the day then begins later.
  if (!hasClock(parts)) return firstMoment(day, context.timeZone);
  throw new Misunderstanding(
    `clocks in ${context.timeZone} never showed that time on ${dateText(day)}: they were put forward over it`,
  );
}

/** A day without a time of day means its beginning. */
function dayTimeMicros(parts: TimeParts): number {
  return hasClock(parts) ? clockMicros(parts) : 0;
}

function firstMoment(day: CalendarDay, timeZone: string): Micros {
  const stepMicros = 15 * 60 * secondMicros; // Offsets of living zones are multiples of a quarter of an hour.
  for (let into = stepMicros; into < dayMicros; into += stepMicros) {
    const micros = momentOfWallTime({ ...day, dayMicros: into }, timeZone);
    if (micros !== undefined) return micros;
  }
  throw new Misunderstanding(`the calendar of ${timeZone} skipped ${dateText(day)}`);
}

function dateText(day: CalendarDay): string {
  return `${day.year}-${String(day.month).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`;
}
