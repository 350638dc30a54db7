import assert from 'node:assert/strict';
import { integerBelow } from '../../../src/base/random.ts';
import { CaptureFrames } from '../../../src/format/capture-frames.ts';
import { FormatFault } from '../../../src/format/format-fault.ts';
import { captureHeadBytes } from '../../../src/format/write-capture.ts';
import type { FuzzTarget } from '../fuzz-target.ts';

function frame(kind: number, payload: Uint8Array, lengthBytes = payload.length): Buffer {
  const head = Buffer.alloc(captureHeadBytes);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt8(kind, 4);
  head.writeBigUInt64LE(8192n, 24);
  head.writeBigUInt64LE(BigInt(lengthBytes), 32);
  return Buffer.concat([head, payload]);
}

const stream = Buffer.concat([
  frame(1, Buffer.alloc(0)),
  frame(2, Buffer.alloc(4096, 7)),
  frame(3, Buffer.alloc(0), 1 << 20),
  frame(12, Buffer.from('it is a partition')),
]);

/** The stream of captured writes, in pieces. */
export const captureTargets: readonly FuzzTarget[] = [
  {
    name: 'write-capture',
    samples: [stream, frame(8, Buffer.alloc(0), 0)],
    decode: (bytes, random) => {
      const frames = new CaptureFrames();
      let seenBytes = 0;
      for (let start = 0; start < bytes.length; ) {
        const end = Math.min(bytes.length, start + 1 + integerBelow(random, 5000));
        for (const { head, payload } of frames.push(bytes.subarray(start, end))) {
          assert.equal(payload.length, head.payloadBytes);
          const from = seenBytes + captureHeadBytes;
          assert(bytes.subarray(from, from + payload.length).equals(payload), 'not its payload');
          seenBytes = from + payload.length;
        }
        start = end;
      }
      if (seenBytes < bytes.length) throw new FormatFault('it ends within a frame', seenBytes);
    },
  },
];
