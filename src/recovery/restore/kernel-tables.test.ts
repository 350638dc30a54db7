import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceNumber } from '../../disk/device-number.ts';
import { locksIn, mountsIn, swapsIn } from './kernel-tables.ts';

test('reads a mount table, with optional fields and escaped paths', () => {
  const text = [
    '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue',
    '42 27 0:31 / /srv/two\\040words\\134\\011x rw - btrfs /dev/my\\040disk rw',
    '',
    'nonsense',
  ].join('\n');
  assert.deepEqual(mountsIn(text), [
    { device: '98:0', mountPoint: '/mnt2', source: '/dev/root' },
    { device: '0:31', mountPoint: '/srv/two words\\\tx', source: '/dev/my disk' },
  ]);
});

test('reads the list of swap areas', () => {
  const text =
    'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/vda2  partition\t1048572\t0\t-2\n/swap\\040file file 1 0 -3\n';
  assert.deepEqual(swapsIn(text), ['/dev/vda2', '/swap file']);
  assert.deepEqual(swapsIn(''), []);
});

test('reads the list of file locks, and leaves out who only waits', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 1234 fd:0a:98765 0 EOF',
    '1: -> POSIX  ADVISORY  WRITE 99 fd:0a:98765 0 EOF',
    '2: OFDLCK ADVISORY  READ  -1 00:2b:7 100 101',
  ].join('\n');
  assert.deepEqual(locksIn(text), [
    { file: '253:10:98765', processId: 1234 },
    { file: '0:43:7', processId: -1 },
  ]);
});

test('splits device numbers as the C library does', () => {
  assert.equal(deviceNumber(0x0700), '7:0');
  assert.equal(deviceNumber(0xfe01), '254:1');
  // Minor 0x12345 lies in two places of the number.
  assert.equal(deviceNumber(0x12300845), '8:74565');
});
