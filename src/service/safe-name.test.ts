import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeName } from './safe-name.ts';

test('a safe name is one component, and as it was where that is possible', () => {
  for (const name of ['a', '...', ' ', 'a b', '-rf', 'con\u001b', '\udcff']) {
    assert.equal(safeName(name, 'posix').text, name);
  }
  assert.equal(safeName('..', 'posix').text, '_..');
  assert.equal(safeName('/etc/passwd', 'posix').text, '_etc_passwd');
  const windows = ['CON', 'nul.txt', 'com¹', 'a:b', 'a. ', '..', 'C:\\x', 'a\u0001'];
  const safe = ['_CON', '_nul.txt', '_com¹', 'a_b', 'a_', '_', 'C__x', 'a_'];
  assert.deepEqual(
    windows.map((name) => safeName(name, 'windows').text),
    safe,
  );
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 });
  const names = units.map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(names, fc.constantFrom('posix' as const, 'windows' as const), (name, system) => {
      const { text, isChanged } = safeName(name, system);
      assert.doesNotMatch(text, /[/\0]/);
      assert.doesNotMatch(text, /^\.{0,2}$/);
      assert.equal(isChanged, text !== name);
    }),
  );
});
