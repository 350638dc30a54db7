import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from '../base/errors.ts';
import { formatRecoveryKey, parseRecoveryKey } from './recovery-key.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('a key is read back from what was written, however it is typed', () => {
  const property = fc.property(keys, (key) => {
    const text = formatRecoveryKey(key);
    assert.match(text, /^([0-9A-Z]{4}-[0-9A-Z]{4} ){7}[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    assert.deepEqual(parseRecoveryKey(text), key);
    const typed = text
      .toLowerCase()
      .replaceAll('0', 'o')
      .replaceAll('1', 'l')
      .replaceAll(' ', '\n');
    assert.deepEqual(parseRecoveryKey(typed), key);
    assert.deepEqual(parseRecoveryKey(text.replaceAll(/[- ]/g, '')), key);
  });
  fc.assert(property);
});

test('the form is fixed for good', () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  assert.equal(
    formatRecoveryKey(key),
    '000G-40T8 0G2G-C1WH 104G-M2ZX 1G6G-W3S4 208H-44S5 2GAH-C5ZW 30CH-M6WG 3GEH-W7T9',
  );
});

test('a slip is found, and its group is named', () => {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const property = fc.property(
    keys,
    fc.nat(7),
    fc.nat(7),
    fc.nat(31),
    (key, group, place, letter) => {
      const groups = formatRecoveryKey(key).replaceAll('-', '').split(' ');
      const old = groups[group]!;
      groups[group] = old.slice(0, place) + letters[letter]! + old.slice(place + 1);
      if (groups[group] === old) return;
      assert.throws(
        () => parseRecoveryKey(groups.join(' ')),
        (error: Error) =>
          isSecondwindError(error, 'USAGE') && error.message.includes(`group ${group + 1}`),
      );
    },
  );
  fc.assert(property, { numRuns: 1000 });
});

test('lines in the wrong order, too few and foreign letters are refused', () => {
  const groups = formatRecoveryKey(Uint8Array.from({ length: 32 }, (_, index) => index * 7)).split(
    ' ',
  );
  assert.throws(() => parseRecoveryKey(groups.toReversed().join(' ')), /group 1/);
  assert.throws(() => parseRecoveryKey(groups.slice(1).join(' ')), /8 groups/);
  assert.throws(
    () => parseRecoveryKey(['U' + groups[0]!.slice(1), ...groups.slice(1)].join(' ')),
    /never holds "U"/,
  );
});
