import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeName } from '../filesystem/name-text.ts';
import { formatPath, parseRequestPath } from './request-path.ts';

const names = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => decodeName(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x41 : byte))))
  .filter((name) => name !== '.' && name !== '..');

test('every path of names, whatever their bytes, comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.array(names, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (path, isDirectory) => {
        assert.deepEqual(parseRequestPath(formatPath(path, isDirectory)), path);
      },
    ),
  );
});

test('what no name can be is refused', () => {
  for (const url of [
    '',
    'db1',
    '/a/../b',
    '/a/%2e%2E/b',
    '/a%2fb',
    '/a%00',
    '/a%',
    '/a%4',
    `/${'a'.repeat(17_000)}`,
  ]) {
    assert.equal(parseRequestPath(url), undefined, url);
  }
  assert.equal(parseRequestPath('/db1/./x'), undefined);
  assert.deepEqual(parseRequestPath('//db1/x/?query'), ['db1', 'x']);
});
