import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from '../base/errors.ts';
import { type ContentFrame, FrameReader, frameHeader } from './content-frames.ts';

function encode(frames: readonly ContentFrame[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => [
      frameHeader(frame),
      frame.kind === 'end' ? Buffer.alloc(0) : frame.bytes,
    ]),
  );
}

/** Parts of one data frame put together again. */
function joined(frames: readonly ContentFrame[]): string[] {
  const lines: string[] = [];
  let next = -1;
  for (const frame of frames) {
    if (frame.kind !== 'data') {
      lines.push(JSON.stringify(frame));
    } else {
      const bytes = Buffer.from(frame.bytes).toString('hex');
      if (frame.offsetBytes === next) lines.push(`${lines.pop()}${bytes}`);
      else lines.push(`${frame.item}@${frame.offsetBytes}:${bytes}`);
      next = frame.offsetBytes + frame.bytes.length;
    }
  }
  return lines;
}

test('frames come out as they went in, however the stream is cut', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((array) => Buffer.from(array));
  const item = fc.nat(1000);
  const frame = fc.oneof(
    fc.record({ kind: fc.constant('data' as const), item, offsetBytes: fc.maxSafeNat(), bytes }),
    fc.record({ kind: fc.constant('end' as const), item, sizeBytes: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('failure' as const), item, bytes }),
  );
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.nat(50)), (frames, cuts) => {
      const stream = encode(frames);
      const reader = new FrameReader();
      const found: ContentFrame[] = [];
      let at = 0;
      for (const length of [...cuts, stream.length]) {
        for (const part of reader.take(stream.subarray(at, at + length))) found.push(copyOf(part));
        at += length;
      }
      assert.deepEqual(joined(found), joined(frames));
    }),
  );
});

function copyOf(frame: ContentFrame): ContentFrame {
  return frame.kind === 'end' ? frame : { ...frame, bytes: Buffer.from(frame.bytes) };
}

test('what is no frame is refused', () => {
  const header = Buffer.from(frameHeader({ kind: 'end', item: 0, sizeBytes: 1 }));
  header[0] = 9;
  assert.throws(
    () => Array.from(new FrameReader().take(header)),
    (error) => isSecondwindError(error, 'PROTOCOL'),
  );
});
