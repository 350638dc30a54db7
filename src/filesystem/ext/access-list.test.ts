import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownAccessList } from './access-list.ts';

// "setfacl -m u:7:rw" on a file of mode 0644: the value in its inode, and what getfattr shows of it.
const stored = Buffer.from('0100000001000600020006000700000004000400100006002000' + '0400', 'hex');
const shown = Buffer.from(
  '0200000001000600ffffffff020006000700000004000400ffffffff10000600ffffffff20000400ffffffff',
  'hex',
);

test('shows an access list as Linux does', () => {
  assert.deepEqual(Buffer.from(shownAccessList(stored)!), shown);
});

test('refuses what ends early or has another version', () => {
  assert.equal(shownAccessList(stored.subarray(0, 14)), undefined);
  assert.equal(shownAccessList(stored.subarray(0, 3)), undefined);
  assert.equal(shownAccessList(shown), undefined);
});
