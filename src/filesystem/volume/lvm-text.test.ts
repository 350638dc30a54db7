import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LvmTextFault, parseLvmText } from './lvm-text.ts';

test('sections, numbers, texts with escapes, lists over lines and comments', () => {
  const text =
    'a = 1 # one {\nb { c = "x \\" \\\\ y"\n d = ["p", 7,\n "q" ]\n e = [] f { } }\0rest';
  const root = parseLvmText(text);
  assert.deepEqual(
    root,
    new Map<string, unknown>([
      ['a', 1],
      [
        'b',
        new Map<string, unknown>([
          ['c', 'x " \\ y'],
          ['d', ['p', 7, 'q']],
          ['e', []],
          ['f', new Map()],
        ]),
      ],
    ]),
  );
});

test('what breaks the grammar is a fault and nothing else', () => {
  const broken = [
    'a',
    'a {',
    'a }',
    '}',
    'a = ',
    'a = "',
    'a = [1',
    'a = [1 2]',
    'a = b',
    '= 1',
    'a = [[1]]',
    'a = "\\',
  ];
  for (const text of broken) assert.throws(() => parseLvmText(text), LvmTextFault, text);
  assert.throws(() => parseLvmText('a { '.repeat(100_000)), LvmTextFault);
  assert.throws(() => parseLvmText('a = ['.repeat(100_000)), LvmTextFault);
});

test('a text of megabytes is parsed within its length', () => {
  const root = parseLvmText(`a { ${'b = [1, 2, "three"]\n'.repeat(100_000)} }`);
  assert.equal(root.size, 1);
});
