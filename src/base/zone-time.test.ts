import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  daysLater,
  isCalendarDay,
  isTimeZone,
  momentOfWallTime,
  wallTimeAt,
  weekdayOf,
  zoneOffsetMicros,
} from './zone-time.ts';

test('names of time zones are told from other words', () => {
  for (const zone of ['UTC', 'Europe/Berlin', 'america/new_york']) assert(isTimeZone(zone), zone);
  for (const other of ['', 'Berlin', 'Mars/Olympus', '../etc']) assert(!isTimeZone(other), other);
});

test('what clocks show at a moment leads back to it, or to the first time they showed it', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns');
  const moment = fc.integer({ min: 0, max: Date.UTC(2254, 0) * 1000 });
  fc.assert(
    fc.property(moment, zone, (micros, timeZone) => {
      const found = momentOfWallTime(wallTimeAt(micros, timeZone), timeZone);
      assert(found !== undefined && found <= micros && found >= micros - 3_600_000_000);
      assert.deepEqual(wallTimeAt(found, timeZone), wallTimeAt(micros, timeZone));
    }),
  );
});

test('moments before 1970 have a time of day too', () => {
  const shown = wallTimeAt(-1, 'UTC');
  assert.deepEqual(shown, { year: 1969, month: 12, day: 31, dayMicros: 86_399_999_999 });
});

test('the calendar knows its days', () => {
  assert(isCalendarDay({ year: 2024, month: 2, day: 29 }));
  assert(!isCalendarDay({ year: 2026, month: 2, day: 29 }));
  assert(!isCalendarDay({ year: 2026, month: 0, day: 1 }));
  assert.deepEqual(daysLater({ year: 2024, month: 2, day: 28 }, 2), {
    year: 2024,
    month: 3,
    day: 1,
  });
  assert.deepEqual(daysLater({ year: 2026, month: 1, day: 1 }, -1), {
    year: 2025,
    month: 12,
    day: 31,
  });
  assert.equal(weekdayOf({ year: 2026, month: 11, day: 21 }), 6);
});

test('the offset of a zone is that of the calendar, also within a day on which it changes', () => {
  const zones = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', 'Pacific/Apia'];
  const change = fc.constantFrom(
    Date.UTC(2026, 2, 29),
    Date.UTC(2026, 9, 25),
    Date.UTC(2005, 3, 3),
  );
  const near = fc.tuple(change, fc.integer({ min: -86_400_000, max: 172_800_000 }));
  const moments = fc.oneof(
    fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
    near.map(([day, shift]) => day + shift),
  );
  fc.assert(
    fc.property(moments, fc.constantFrom(...zones), (ms, timeZone) => {
      const options = { timeZone, timeZoneName: 'longOffset' } as const;
      const parts = new Intl.DateTimeFormat('en', options).formatToParts(ms);
      const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
      const [, sign = '+', hours = '0', minutes = '0'] = /GMT(.)(\d+):(\d+)/.exec(text) ?? [];
      const minutesAhead = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
      assert.equal(zoneOffsetMicros(ms * 1000, timeZone), minutesAhead * 60_000_000);
    }),
    { numRuns: 500 },
  );
});
