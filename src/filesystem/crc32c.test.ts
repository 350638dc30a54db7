import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from './crc32c.ts';

const whole = (bytes: Uint8Array): number => ~crc32c(0xffffffff, bytes) >>> 0;

test('gives the checksums of RFC 3720, appendix B.4', () => {
  assert.equal(whole(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(whole(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(whole(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
  assert.equal(whole(Buffer.from('123456789')), 0xe3069283);
});

test('is the same in one piece and in two, wherever they are cut', () => {
  const bytes = Uint8Array.from({ length: 41 }, (_, index) => (index * 37) & 0xff);
  const expected = crc32c(7, bytes);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    assert.equal(crc32c(crc32c(7, bytes.subarray(0, cut)), bytes.subarray(cut)), expected);
  }
});
