import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { secondNames, spanOfNames } from './second-names.ts';

const zones = ['Europe/Berlin', 'America/St_Johns', 'UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe'];

test('a moment lies in the second, hour and day that it is filed under', () => {
  const moments = fc.integer({ min: 946_684_800, max: 4_000_000_000 });
  fc.assert(
    fc.property(moments, fc.nat(999_999), fc.constantFrom(...zones), (seconds, fraction, zone) => {
      const micros = seconds * 1e6 + fraction;
      const names = secondNames(micros, zone);
      for (const known of [names, { day: names.day, hour: names.hour }, { day: names.day }]) {
        const span = spanOfNames(known, zone)!;
        assert(span.fromMicros <= micros && micros <= span.toMicros, JSON.stringify([known, span]));
      }
      assert.equal(spanOfNames(names, zone)!.fromMicros, seconds * 1e6);
    }),
  );
});

test('the hour that clocks show twice has two names, and its day has 25 hours', () => {
  const first = Date.UTC(2026, 9, 25, 0, 30) * 1000;
  const [early, late] = [first, first + 3_600_000_000].map((micros) =>
    secondNames(micros, 'Europe/Berlin'),
  );
  assert.deepEqual([early!.hour, late!.hour], ['02h+0200', '02h+0100']);
  const day = spanOfNames({ day: '2026-10-25' }, 'Europe/Berlin')!;
  assert.equal(day.toMicros - day.fromMicros + 1, 25 * 3_600_000_000);
});

test('what names no time is none', () => {
  for (const names of [
    { day: 'yesterday' },
    { day: '2026-13-01' },
    { day: '2026-02-30', second: '10-00-00+0000' },
    { day: '2026-02-03', hour: '14' },
    { day: '2026-02-03', hour: '25h+0100' },
    { day: '2026-02-03', second: '14-05-61+0100' },
  ]) {
    assert.equal(spanOfNames(names, 'UTC'), undefined, JSON.stringify(names));
  }
});
