import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange } from './byte-range.ts';

const cases: readonly [header: string | undefined, sizeBytes: number, expected: unknown][] = [
  [undefined, 10, 'whole'],
  ['bytes=0-', 10, { startBytes: 0, lengthBytes: 10 }],
  ['bytes=3-5', 10, { startBytes: 3, lengthBytes: 3 }],
  ['bytes=3-500', 10, { startBytes: 3, lengthBytes: 7 }],
  ['bytes=-4', 10, { startBytes: 6, lengthBytes: 4 }],
  ['bytes=-400', 10, { startBytes: 0, lengthBytes: 10 }],
  ['bytes=-0', 10, 'none'],
  ['bytes=10-', 10, 'none'],
  ['bytes=0-', 0, 'none'],
  ['bytes=5-3', 10, 'whole'],
  ['bytes=-', 10, 'whole'],
  ['bytes=1-2,4-5', 10, 'whole'],
  ['pages=1-2', 10, 'whole'],
];

for (const [header, sizeBytes, expected] of cases) {
  test(`${header ?? 'no range'} of ${sizeBytes} bytes`, () => {
    assert.deepEqual(parseRange(header, sizeBytes), expected);
  });
}
