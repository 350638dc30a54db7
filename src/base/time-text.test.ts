import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from './errors.ts';
import { formatIsoMoment, formatMoment, parseTimeText, readIsoMoment } from './time-text.ts';

const berlin = 'Europe/Berlin';
/** Saturday 2026-11-21 14:05:09.250 in Berlin. */
const nowMicros = Date.UTC(2026, 10, 21, 13, 5, 9, 250) * 1000;

function read(text: string, timeZone: string = berlin, now: number = nowMicros): string {
  return formatIsoMoment(parseTimeText(text, { nowMicros: now, timeZone }));
}

function reasonFor(text: string, timeZone: string = berlin, now: number = nowMicros): string {
  try {
    read(text, timeZone, now);
  } catch (error) {
    assert(isSecondwindError(error, 'TIME_NOT_UNDERSTOOD'), String(error));
    assert(!error.message.includes('{'), error.message);
    return String(error.data['reason']);
  }
  assert.fail(`"${text}" was understood`);
}

/** Texts and the moments they mean at `nowMicros` in Berlin (+01:00). */
const understood: Readonly<Record<string, string>> = {
  now: '2026-11-21T13:05:09.250Z',
  ' NOW ': '2026-11-21T13:05:09.250Z',
  '14:05': '2026-11-21T13:05:00.000Z',
  '14:05:09': '2026-11-21T13:05:09.000Z',
  '14:05:09.250': '2026-11-21T13:05:09.250Z',
  '14:05:09,25': '2026-11-21T13:05:09.250Z',
  '14:05:09.251': '2026-11-20T13:05:09.251Z',
  '14:06': '2026-11-20T13:06:00.000Z',
  '2:05 PM': '2026-11-21T13:05:00.000Z',
  '9am': '2026-11-21T08:00:00.000Z',
  '9 a.m.': '2026-11-21T08:00:00.000Z',
  '12am': '2026-11-20T23:00:00.000Z',
  '12pm': '2026-11-21T11:00:00.000Z',
  noon: '2026-11-21T11:00:00.000Z',
  midnight: '2026-11-20T23:00:00.000Z',
  'today 14:05': '2026-11-21T13:05:00.000Z',
  'today 23:00': '2026-11-21T22:00:00.000Z',
  today: '2026-11-20T23:00:00.000Z',
  yesterday: '2026-11-19T23:00:00.000Z',
  'yesterday 9am': '2026-11-20T08:00:00.000Z',
  'Yesterday  at 09:00': '2026-11-20T08:00:00.000Z',
  '9am yesterday': '2026-11-20T08:00:00.000Z',
  '10 minutes ago': '2026-11-21T12:55:09.250Z',
  '1h30m ago': '2026-11-21T11:35:09.250Z',
  '1.5 hours ago': '2026-11-21T11:35:09.250Z',
  'an hour ago': '2026-11-21T12:05:09.250Z',
  'a minute ago': '2026-11-21T13:04:09.250Z',
  '3 days ago': '2026-11-18T13:05:09.250Z',
  '2 days and 4 hours ago': '2026-11-19T09:05:09.250Z',
  'monday 8:00': '2026-11-16T07:00:00.000Z',
  'on Monday at 8:00': '2026-11-16T07:00:00.000Z',
  'saturday 14:00': '2026-11-21T13:00:00.000Z',
  'saturday 15:00': '2026-11-14T14:00:00.000Z',
  'last saturday 14:00': '2026-11-14T13:00:00.000Z',
  'last friday 17:30': '2026-11-20T16:30:00.000Z',
  sunday: '2026-11-14T23:00:00.000Z',
  '2026-11-21': '2026-11-20T23:00:00.000Z',
  '2026-11-21 14:05': '2026-11-21T13:05:00.000Z',
  '2026-11-21 14:05:09': '2026-11-21T13:05:09.000Z',
  '2026-11-21 14:05:09.123456': '2026-11-21T13:05:09.123456Z',
  '2026-11-21T14:05': '2026-11-21T13:05:00.000Z',
  '2026-11-21T13:05Z': '2026-11-21T13:05:00.000Z',
  '2026-11-21 13:05 UTC': '2026-11-21T13:05:00.000Z',
  '2026-11-21T14:05:00+0100': '2026-11-21T13:05:00.000Z',
  '2026-11-21T08:05:00.5-05:00': '2026-11-21T13:05:00.500Z',
  '2026-11-21 14:05:09.250 +01:00 (Europe/Berlin)': '2026-11-21T13:05:09.250Z',
  '21.11.2026': '2026-11-20T23:00:00.000Z',
  '21.11.2026 14:05': '2026-11-21T13:05:00.000Z',
  '1.2.2026, 14:05': '2026-02-01T13:05:00.000Z',
  '@1700000000': '2023-11-14T22:13:20.000Z',
  '@1700000000.123': '2023-11-14T22:13:20.123Z',
};

/** Texts that are refused, and a part of the reason. */
const refused: Readonly<Record<string, RegExp>> = {
  '': /empty/,
  '  ': /empty/,
  '11/21/2026': /"2026-11-21"/,
  '3/4/2026 14:05': /"2026-03-04" or "2026-04-03"/,
  '14': /number alone/,
  'yesterday 9': /9am/,
  '24:00': /no such hour/,
  '14:60': /no such minute/,
  '14:05:60': /no such minute/,
  '13pm': /1 to 12/,
  '0am': /1 to 12/,
  '2026-02-30': /no 2026-02-30/,
  '2026-13-01': /no 2026-13-01/,
  '31.4.2026': /no 2026-04-31/,
  '1969-12-31': /1970/,
  '1969-12-31T23:00Z': /1970/,
  '9999-01-01': /2254/,
  '@999999999999': /2254/,
  '999999 weeks ago': /1970/,
  '2026-11-21 14:05 +19:00': /no zone/,
  '2026-11-21 14:05 CET': /"CET" has more than one meaning/,
  '14:05 UTC': /needs the date/,
  '3 months ago': /differ in length/,
  '5 parsecs ago': /"5 parsecs"/,
  tomorrow: /future/,
  'next friday': /future/,
  'last week': /span/,
  'the other day': /no form/,
  '14:05\0': /no form/,
  [`1${'0'.repeat(100)}`]: /longer than 100/,
};

describe('parseTimeText', () => {
  for (const [text, moment] of Object.entries(understood)) {
    test(`understands "${text}"`, () => {
      assert.equal(read(text), moment);
    });
  }
  for (const [text, reason] of Object.entries(refused)) {
    test(`refuses "${text.slice(0, 40)}" with its reason`, () => {
      assert.match(reasonFor(text), reason);
    });
  }

  test('shows a long or dirty text shortened and clean', () => {
    const context = { nowMicros, timeZone: berlin };
    const isClean = (error: unknown): boolean =>
      isSecondwindError(error) && error.message.length < 200 && !/\p{C}/u.test(error.message);
    assert.throws(() => parseTimeText(`\u001b[31m${'x'.repeat(10_000)}`, context), isClean);
  });
});

describe('clocks that are put forward and back', () => {
  test('a time that clocks skipped is refused with the reason', () => {
    assert.match(reasonFor('2026-03-29 02:30'), /never showed that time on 2026-03-29/);
    const afterTheJump = Date.UTC(2026, 2, 29, 10) * 1000;
    assert.match(reasonFor('02:30', berlin, afterTheJump), /never showed/);
  });

  test('just before clocks skip a time, the time alone is still yesterday’s', () => {
    const beforeTheJump = Date.UTC(2026, 2, 29, 0, 30) * 1000;
    assert.equal(read('02:30', berlin, beforeTheJump), '2026-03-28T01:30:00.000Z');
  });

  test('of a time that clocks showed twice the earlier is taken, unless an offset tells', () => {
    assert.equal(read('2026-10-25 02:30'), '2026-10-25T00:30:00.000Z');
    assert.equal(read('2026-10-25 02:30 +02:00'), '2026-10-25T00:30:00.000Z');
    assert.equal(read('2026-10-25 02:30 +01:00'), '2026-10-25T01:30:00.000Z');
    assert.equal(read('2026-11-01 01:30', 'America/New_York'), '2026-11-01T05:30:00.000Z');
  });

  test('a time alone counts as past once clocks showed it for the first time', () => {
    const secondTenPastTwo = Date.UTC(2026, 9, 25, 1, 10) * 1000;
    assert.equal(read('02:30', berlin, secondTenPastTwo), '2026-10-25T00:30:00.000Z');
  });

  test('a day that begins later begins when it begins', () => {
    assert.equal(read('2018-11-04', 'America/Sao_Paulo'), '2018-11-04T03:00:00.000Z');
  });

  test('a day that the calendar of a zone skipped is refused', () => {
    assert.match(reasonFor('2011-12-30', 'Pacific/Apia'), /skipped 2011-12-30/);
  });
});

describe('properties', () => {
  const zones = ['UTC', berlin, 'America/St_Johns', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
  const zone = fc.constantFrom(...zones, 'Pacific/Apia', 'America/Sao_Paulo', 'Africa/Monrovia');
  const moment = fc.integer({ min: 0, max: Date.UTC(2254, 11, 31) * 1000 });

  test('every moment is read back exactly as it was written', () => {
    fc.assert(
      fc.property(moment, zone, (micros, timeZone) => {
        const context = { nowMicros: 0, timeZone: 'UTC' };
        assert.equal(parseTimeText(formatMoment(micros, timeZone), context), micros);
        assert.equal(parseTimeText(formatIsoMoment(micros), context), micros);
      }),
    );
  });

  test('a clock time alone is in the past, and not more than 26 hours', () => {
    const clock = fc.tuple(fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(clock, moment, zone, ([hour, minute], micros, timeZone) => {
        fc.pre(micros > 2 * 86_400_000_000);
        const text = `${hour}:${String(minute).padStart(2, '0')}`;
        try {
          const ageMicros = micros - parseTimeText(text, { nowMicros: micros, timeZone });
          assert(ageMicros >= 0, 'it lies in the future');
          // Clocks that were put back make a day longer; an island that crossed the date line made one day vanish.
          assert(ageMicros <= (timeZone === 'Pacific/Apia' ? 50 : 26) * 3_600_000_000, 'too old');
        } catch (error) {
          assert(isSecondwindError(error, 'TIME_NOT_UNDERSTOOD'), String(error));
          assert.match(error.message, /never showed/);
        }
      }),
    );
  });

  test('whatever is written, it is a safe moment or the error of the table', () => {
    const word = fc.constantFrom(
      ...Object.keys(understood),
      ...Object.keys(refused),
      '-',
      ':',
      ' ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(word).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, zone, (anything, timeZone) => {
        try {
          assert(Number.isSafeInteger(parseTimeText(anything, { nowMicros, timeZone })));
        } catch (error) {
          assert(isSecondwindError(error, 'TIME_NOT_UNDERSTOOD'), String(error));
        }
      }),
    );
  });
});

describe('formatMoment', () => {
  test('shows date, time, offset and zone', () => {
    assert.equal(formatMoment(nowMicros, berlin), '2026-11-21 14:05:09.250 +01:00 (Europe/Berlin)');
    assert.equal(
      formatMoment(0, 'America/St_Johns'),
      '1969-12-31 20:30:00.000 -03:30 (America/St_Johns)',
    );
  });

  test('shows microseconds only where there are any', () => {
    assert.equal(formatIsoMoment(1), '1970-01-01T00:00:00.000001Z');
    assert.equal(formatIsoMoment(1000), '1970-01-01T00:00:00.001Z');
  });

  test('what it writes for programs is read back, and nothing else is', () => {
    const range = { min: -62_135_596_800_000_000, max: 8_000_000_000_000_000 };
    fc.assert(
      fc.property(fc.integer(range), (micros) => {
        assert.equal(readIsoMoment(formatIsoMoment(micros)), micros);
      }),
    );
    const others = ['now', '2026-02-30T00:00:00.000Z', '2026-11-21T13:05:09Z', ''];
    for (const other of others) assert.equal(readIsoMoment(other), undefined, other);
  });
});
