import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ZstdEncoder } from './zstd-encoder.ts';

const text = Buffer.from(
  Array.from({ length: 60_000 }, (_, index) => `${index * index} `).join(''),
);

describe('zstd encoder', () => {
  for (const level of [1, 3]) {
    test(`frame after frame, each as zlib makes it at level ${level}`, () => {
      const encoder = new ZstdEncoder(level);
      const params = { [constants.ZSTD_c_compressionLevel]: level };
      for (const lengthBytes of [0, 1, 5_000, 300_000, 17, text.length]) {
        const plain = text.subarray(0, lengthBytes);
        const frame = encoder.encode(plain);
        assert.deepEqual(frame, zstdCompressSync(plain, { params, pledgedSrcSize: lengthBytes }));
        assert.deepEqual(zstdDecompressSync(frame), plain);
      }
    });
  }

  test('what does not become smaller, and what is larger than any group', () => {
    const encoder = new ZstdEncoder(1);
    for (const lengthBytes of [1, 4_096, 524_288, 3_000_000]) {
      const plain = randomBytes(lengthBytes);
      const frame = encoder.encode(plain);
      assert(frame.length > lengthBytes);
      assert(zstdDecompressSync(frame).equals(plain));
    }
  });
});
