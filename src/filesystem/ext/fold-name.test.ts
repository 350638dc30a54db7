import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldName } from './fold-name.ts';

const fold = (name: string): string => foldName(Buffer.from(name));

test('makes the same of names that a case-folding directory takes for one', () => {
  for (const [left, right] of [
    ['Straße', 'STRASSE'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['ΟΔΟΣ', 'οδος'],
    ['soft\u00adhyphen', 'softhyphen'],
  ] as const) {
    assert.equal(fold(left), fold(right), left);
  }
  assert.notEqual(fold('cafe'), fold('café'));
});

test('keeps bytes that are no UTF-8 apart', () => {
  assert.notEqual(foldName(Uint8Array.of(0xff)), foldName(Uint8Array.of(0xfe)));
});
