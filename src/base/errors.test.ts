import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ErrorDefinition, errorTable } from './error-table.ts';
import { fromSystemError, isSecondwindError, SecondwindError } from './errors.ts';

describe('the error table', () => {
  const exitCodes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130];
  for (const [code, row] of Object.entries<ErrorDefinition>(errorTable)) {
    test(`${code} says what happened and what to do`, () => {
      assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
      assert.match(row.message, /\.$/);
      assert.match(row.advice, /\.$/);
      assert(exitCodes.includes(row.exitCode), `exit code ${row.exitCode}`);
      assert(row.httpStatus >= 400 && row.httpStatus < 600, `HTTP status ${row.httpStatus}`);
    });
  }
});

describe('SecondwindError', () => {
  test('fills its data into message and advice', () => {
    const data = { file: 'd.img', targetBytes: 1, diskBytes: 2 };
    const error = new SecondwindError('TARGET_TOO_SMALL', data, new Error('below'));
    assert.equal(error.message, 'The target d.img holds 1 bytes, but the disk has 2.');
    assert.equal(error.advice, 'Choose a target of at least 2 bytes; nothing was written.');
    assert.equal(error.definition.exitCode, 4);
    assert.equal((error.cause as Error).message, 'below');
  });

  test('leaves a placeholder visible rather than writing "undefined"', () => {
    assert.equal(new SecondwindError('USAGE', {}).message, '{reason}.');
  });

  test('data is not searched for placeholders again', () => {
    const error = new SecondwindError('NOT_FOUND', { what: '{name}', name: '$&' });
    assert.equal(error.message, 'There is no {name} "$&".');
  });

  test('is told from other errors, and by its code', () => {
    const error = new SecondwindError('WRONG_KEY', {});
    assert(isSecondwindError(error));
    assert(isSecondwindError(error, 'WRONG_KEY'));
    assert(!isSecondwindError(error, 'IN_USE'));
    assert(!isSecondwindError(new Error('x')));
    assert(!isSecondwindError({ code: 'WRONG_KEY' }));
  });
});

describe('fromSystemError', () => {
  const failure = (code: string): Error => Object.assign(new Error(`${code}: it failed`), { code });

  test('tells a full disk from other failures', () => {
    assert.equal(fromSystemError(failure('ENOSPC'), 'Writing', 'a').code, 'NO_SPACE');
    assert.equal(fromSystemError(failure('EDQUOT'), 'Writing', 'a').code, 'NO_SPACE');
    const error = fromSystemError(failure('EIO'), 'Writing', 'a');
    assert.equal(error.code, 'IO_FAILED');
    assert.equal(error.message, 'Writing failed on a: EIO: it failed.');
    assert.equal(error.data['systemCode'], 'EIO');
  });

  test('keeps an error that is already of the table, and takes what is no error at all', () => {
    const error = new SecondwindError('IN_USE', { what: 'a', reason: 'b' });
    assert.equal(fromSystemError(error, 'Writing', 'a'), error);
    assert.match(fromSystemError('odd', 'Writing', 'a').message, /odd/);
  });
});
