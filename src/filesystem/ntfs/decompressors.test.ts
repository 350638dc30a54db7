import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decompressLznt1 } from './lznt1.ts';
import { decompressLzx } from './lzx.ts';
import { decompressXpress } from './xpress.ts';

// What sound streams give is tested with those of other programs: test/filesystem/ntfs-special.test.ts.

test('expands what ntfs-3g compressed, a match that reaches into itself', () => {
  const source = Buffer.from('18b00061206c696e652074006861742072657475f0726e730aff9f', 'hex');
  const target = Buffer.alloc(8192, 0xaa);
  assert(decompressLznt1(source, target));
  const text = 'a line that returns\n'.repeat(104).slice(0, 2070);
  assert.equal(target.toString('latin1', 0, text.length), text);
  assert(target.subarray(text.length).every((byte) => byte === 0));
});

test('tells broken streams from sound ones without reading or writing elsewhere', () => {
  const decompressors = { decompressLznt1, decompressXpress, decompressLzx };
  const random = fc.uint8Array({ minLength: 0, maxLength: 600 });
  for (const decompress of Object.values(decompressors)) {
    fc.assert(
      fc.property(random, fc.nat(9000), (source, length) => {
        const outside = Buffer.alloc(length + 64, 0xaa);
        decompress(source, outside.subarray(32, 32 + length));
        assert(outside.subarray(0, 32).every((byte) => byte === 0xaa));
        assert(outside.subarray(32 + length).every((byte) => byte === 0xaa));
      }),
      { numRuns: 300 },
    );
  }
});

test('refuses matches that begin before their chunk, and streams cut off', () => {
  const target = Buffer.alloc(100);
  assert(!decompressLznt1(Uint8Array.of(0x02, 0xb0, 0x01, 0x00, 0x00), target));
  assert(!decompressLznt1(Uint8Array.of(0x20, 0xb0, 0x00), target));
  assert(!decompressXpress(new Uint8Array(255), target));
  assert(!decompressXpress(new Uint8Array(256), target));
  assert(!decompressLzx(new Uint8Array(0), target));
});
