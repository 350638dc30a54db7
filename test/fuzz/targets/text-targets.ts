import assert from 'node:assert/strict';
import { formatEndpoint, parseEndpoint } from '../../../src/base/endpoint.ts';
import { parseDiskName, parseMachineOrDiskName } from '../../../src/base/names.ts';
import { formatIsoMoment, formatMoment, parseTimeText } from '../../../src/base/time-text.ts';
import { parseBytes, parseDuration } from '../../../src/base/units.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

const context = { nowMicros: 1_795_000_000_123_456, timeZone: 'Europe/Berlin' };

function texts(...all: readonly string[]): readonly Buffer[] {
  return all.map((text) => Buffer.from(text));
}

/** What people type. */
export const textTargets: readonly FuzzTarget[] = [
  {
    name: 'time-text',
    samples: texts(
      ...['now', '14:05:09.250', '2:05 PM', 'yesterday 9am', '9 a.m. on monday', '1h30m ago'],
      ...['2 days and 4 hours ago', 'friday 17:30', '2026-10-25 02:30 +01:00', '@1700000000.5'],
      ...['2026-11-21T14:05:09.123456Z', '21.11.2026 14:05', 'last friday', 'an hour ago'],
    ),
    decode: (bytes) => {
      const micros = parseTimeText(bytes.toString('utf8'), context);
      assert(Number.isSafeInteger(micros), `${micros} is no moment`);
      for (const text of [formatIsoMoment(micros), formatMoment(micros, 'Europe/Berlin')]) {
        const plain = text.replace(/ \(.*\)$/, '');
        assert.equal(parseTimeText(plain, context), micros);
      }
    },
  },
  {
    name: 'size-text',
    samples: texts('4096', '1.5 GiB', '10 MB', '512k', '1 TiB'),
    decode: (bytes) => {
      const size = parseBytes(bytes.toString('utf8'));
      assert(Number.isSafeInteger(size) && size >= 0, `${size} is no size`);
    },
  },
  {
    name: 'duration-text',
    samples: texts('5s', '1h30m', '250 ms', '2 days', '1.5 hours'),
    decode: (bytes) => {
      const durationMs = parseDuration(bytes.toString('utf8'));
      assert(Number.isFinite(durationMs) && durationMs >= 0, `${durationMs} is no duration`);
    },
  },
  {
    name: 'endpoint',
    samples: texts('unix:/run/a.sock', 'tcp:127.0.0.1:10809', '[::1]:10809', '/run/a.sock').filter(
      isEndpoint,
    ),
    decode: (bytes) => {
      const endpoint = parseEndpoint(bytes.toString('utf8'));
      assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint);
    },
  },
  {
    name: 'disk-name',
    samples: texts('web/sda', 'db-1/data.disk'),
    decode: (bytes) => {
      const text = bytes.toString('utf8');
      parseMachineOrDiskName(text);
      const { machine, disk } = parseDiskName(text);
      assert.equal(`${machine}/${disk}`, text);
    },
  },
];

function isEndpoint(text: Buffer): boolean {
  try {
    parseEndpoint(text.toString());
    return true;
  } catch {
    return false;
  }
}
