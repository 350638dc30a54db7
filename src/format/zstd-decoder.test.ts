import { strict as assert } from 'node:assert';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { ZstdDecoder } from './zstd-decoder.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));

function frameOf(content: Uint8Array): Buffer {
  return zstdCompressSync(content, { pledgedSrcSize: content.length });
}

describe(`zstd decoder (seed ${seed})`, () => {
  test('one decoder decodes frame after frame, into any memory', () => {
    const decoder = new ZstdDecoder();
    const contents = fc.uint8Array({ maxLength: 3 }).map((some) => {
      return Buffer.concat([Buffer.alloc(some.length * 100_000, some), Buffer.from(some)]);
    });
    const property = fc.property(contents, fc.boolean(), (content, isShared) => {
      const memory = isShared
        ? new SharedArrayBuffer(content.length + 8)
        : new ArrayBuffer(content.length + 8);
      const whole = Buffer.from(memory).fill(0xee);
      const target = whole.subarray(4, 4 + content.length);
      assert.equal(decoder.decode(frameOf(content), target), undefined);
      assert(target.equals(content));
      assert.equal(
        whole.toString('hex', 0, 4) + whole.toString('hex', 4 + content.length),
        'ee'.repeat(8),
      );
    });
    fc.assert(property, { seed, numRuns: 50 });
  });

  test('what is no frame, cut off, longer, shorter or altered is told, and the next frame decodes', () => {
    const decoder = new ZstdDecoder();
    const content = randomBytes(50_000);
    const frame = frameOf(content);
    const target = Buffer.alloc(content.length);
    const broken = [
      Buffer.alloc(0),
      randomBytes(100),
      frame.subarray(0, -1),
      Buffer.concat([frame, frame]),
    ];
    for (const packed of broken) {
      assert.equal(typeof decoder.decode(packed, target), 'string');
      assert.equal(decoder.decode(frame, target), undefined);
      assert(target.equals(content));
    }
    for (const lengthBytes of [content.length - 1, content.length + 1, 0]) {
      assert.equal(typeof decoder.decode(frame, Buffer.alloc(lengthBytes)), 'string');
      assert.equal(decoder.decode(frame, target), undefined);
    }
  });
});
