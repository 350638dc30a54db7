import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shownName } from './shown-name.ts';

test('shows what could drive a terminal or pass for another name', () => {
  assert.equal(shownName('Straße 日本 🐘'), 'Straße 日本 🐘');
  assert.equal(shownName('a\u001b[2Jb\n\u0085'), 'a\\x1b[2Jb\\x0a\\u{85}');
  assert.equal(shownName('gpj\u202eexe'), 'gpj\\u{202e}exe');
  assert.equal(shownName('a\\x1b'), 'a\\\\x1b');
  assert.equal(shownName('\udcff\udc80\ud800'), '\\xff\\x80\\u{d800}');
});

test('never lets a control, format or lone character through, and never makes two names one', () => {
  const units = fc.array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 12 });
  const names = units.map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(names, names, (left, right) => {
      assert.doesNotMatch(shownName(left), /[\p{C}\p{Zl}\p{Zp}]/u);
      assert.equal(shownName(left) === shownName(right), left === right);
    }),
  );
});
