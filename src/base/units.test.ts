import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from './errors.ts';
import {
  durationMsOf,
  formatBytes,
  formatCount,
  formatCountOf,
  formatDuration,
  formatRate,
  parseBytes,
  parseDuration,
} from './units.ts';

const isUsage = (error: unknown): boolean => isSecondwindError(error, 'USAGE');

describe('sizes', () => {
  test('are written with three figures', () => {
    assert.equal(formatBytes(0), '0 bytes');
    assert.equal(formatBytes(1), '1 byte');
    assert.equal(formatBytes(1023), '1023 bytes');
    assert.equal(formatBytes(1024), '1 KiB');
    assert.equal(formatBytes(1536), '1.5 KiB');
    assert.equal(formatBytes(1024 ** 2 - 1), '1 MiB');
    assert.equal(formatBytes(1476 * 1024 ** 2), '1.44 GiB');
    assert.equal(formatBytes(1000 * 1024 ** 2), '1000 MiB');
    assert.equal(formatBytes(2 ** 53), '8 PiB');
  });

  test('are read in powers of 1024, and of 1000 where they say so', () => {
    assert.equal(parseBytes('4096'), 4096);
    assert.equal(parseBytes('4k'), 4096);
    assert.equal(parseBytes('1.5 GiB'), 1.5 * 1024 ** 3);
    assert.equal(parseBytes('1.5G'), 1.5 * 1024 ** 3);
    assert.equal(parseBytes(' 2 GB '), 2_000_000_000);
    assert.equal(parseBytes('0 bytes'), 0);
  });

  for (const text of [
    '',
    'x',
    '-1',
    '1.2.3',
    '1 QiB',
    '1e9',
    '0.3',
    '9999 PiB',
    '1 GiB 2',
    'constructor',
  ]) {
    test(`"${text}" is no size`, () => {
      assert.throws(() => parseBytes(text), isUsage);
    });
  }

  test('what is written can be read again, to three figures', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const again = readRounded(formatBytes(bytes));
        assert(Math.abs(again - bytes) <= bytes * 0.006, `${bytes} became ${again}`);
      }),
    );
  });

  test('rates are sizes for each second', () => {
    assert.equal(formatRate(133 * 1024 ** 2, 1000), '133 MiB/s');
    assert.equal(formatRate(1, 0), '977 KiB/s');
  });
});

/** Reads "1.44 KiB", which parseBytes refuses when it is no whole number of bytes. */
function readRounded(text: string): number {
  const [value, unit] = text.split(' ');
  return Number(value) * parseBytes(unit === 'bytes' || unit === 'byte' ? '1' : `1 ${unit!}`);
}

describe('counts', () => {
  test('are written in groups of three', () => {
    assert.equal(formatCount(0), '0');
    assert.equal(formatCount(999), '999');
    assert.equal(formatCount(1000), '1,000');
    assert.equal(formatCount(-1_234_567), '-1,234,567');
  });

  test('agree with their noun', () => {
    assert.equal(formatCountOf(1, 'disk'), '1 disk');
    assert.equal(formatCountOf(0, 'disk'), '0 disks');
    assert.equal(formatCountOf(2000, 'entry', 'entries'), '2,000 entries');
  });
});

describe('durations', () => {
  test('are written with their two largest units', () => {
    assert.equal(formatDuration(0), '0 ms');
    assert.equal(formatDuration(0.1234), '0.123 ms');
    assert.equal(formatDuration(350), '350 ms');
    assert.equal(formatDuration(999.6), '1.0 s');
    assert.equal(formatDuration(4200), '4.2 s');
    assert.equal(formatDuration(59_960), '1m 00s');
    assert.equal(formatDuration(65_000), '1m 05s');
    assert.equal(formatDuration(7_380_000), '2h 03m');
    assert.equal(formatDuration(273_600_000), '3d 04h');
  });

  test('are read as people write them', () => {
    assert.equal(parseDuration('500ms'), 500);
    assert.equal(parseDuration('90 s'), 90_000);
    assert.equal(parseDuration('1h30m'), 5_400_000);
    assert.equal(parseDuration('1m 05s'), 65_000);
    assert.equal(parseDuration('2 days and 4 hours'), 187_200_000);
    assert.equal(parseDuration('1.5 Hours'), 5_400_000);
    assert.equal(parseDuration('an hour'), 3_600_000);
    assert.equal(parseDuration('2 weeks'), 1_209_600_000);
  });

  for (const text of [
    '',
    '5',
    'h',
    '5 parsecs',
    '-5 s',
    '5 s ago',
    '1 month',
    '99999999999999 weeks',
    '1 toString',
  ]) {
    test(`"${text}" is no duration`, () => {
      assert.throws(() => parseDuration(text), isUsage);
      assert.equal(durationMsOf(text), undefined);
    });
  }

  test('what is written can be read again, to the smaller unit', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), (durationMs) => {
        const again = parseDuration(formatDuration(durationMs));
        assert(Math.abs(again - durationMs) <= Math.max(60, durationMs * 0.03), `became ${again}`);
      }),
    );
  });
});
