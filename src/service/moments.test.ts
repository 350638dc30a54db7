import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from '../base/errors.ts';
import { isoMoment, microsOfIso, readQuestion } from './moments.ts';
import { nbdUri } from './nbd-uri.ts';

test('a moment is read back exactly as it was written', () => {
  const property = fc.property(fc.integer({ min: 0, max: 8_000_000_000_000_000 }), (micros) => {
    assert.equal(microsOfIso(isoMoment(micros)), micros);
  });
  fc.assert(property);
  assert.equal(isoMoment(undefined), undefined);
  assert.equal(microsOfIso('2026-11-21T14:05:09+01:00'), microsOfIso('2026-11-21T13:05:09.000Z'));
});

test('a question is a moment, "now" or a bookmark', () => {
  assert.deepEqual(readQuestion('now'), { kind: 'now' });
  assert.deepEqual(readQuestion('bookmark:month-end'), { kind: 'bookmark', name: 'month-end' });
  assert.deepEqual(readQuestion('1970-01-01T00:00:01Z'), { kind: 'at', micros: 1_000_000 });
  for (const text of [
    '',
    'yesterday',
    '2026-11-21',
    '2026-11-21 14:05:09',
    '2026-11-21T14:05:09',
  ]) {
    assert.throws(
      () => readQuestion(text),
      (error: Error) => isSecondwindError(error, 'TIME_NOT_UNDERSTOOD'),
    );
  }
  assert.throws(
    () => readQuestion('bookmark:../x'),
    (error: Error) => isSecondwindError(error, 'USAGE'),
  );
});

test('addresses are written as NBD clients read them', () => {
  assert.equal(
    nbdUri('unix:/run/db1.sock', 'db1/root'),
    'nbd+unix:///db1/root?socket=/run/db1.sock',
  );
  assert.equal(nbdUri('unix:/run/a b&c.sock', 'x'), 'nbd+unix:///x?socket=/run/a%20b%26c.sock');
  assert.equal(nbdUri('127.0.0.1:10809', 'view-1'), 'nbd://127.0.0.1:10809/view-1');
  assert.equal(nbdUri('[::1]:10809', 'Büro/x'), 'nbd://[::1]:10809/B%C3%BCro/x');
});
