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
