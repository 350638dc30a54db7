import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatFault } from './format-fault.ts';
import { type CaptureHead, decodeCaptureHead } from './write-capture.ts';

/** A forced write of 8 KiB at 1 MiB of the disk in slot 3, as the program wrote it. */
const golden =
  '0020000002010300' + // 8,192 bytes of payload, a write, forced, slot 3
  '2a00000000000000' + // frame 42
  '40e2010000000000' + // 123,456 µs
  '0000100000000000' + // at 1 MiB
  '0020000000000000' + // 8 KiB
  '0000000000000000';

function broken(change: (head: DataView) => void): () => CaptureHead {
  const bytes = new Uint8Array(Buffer.from(golden, 'hex'));
  change(new DataView(bytes.buffer));
  return () => decodeCaptureHead(bytes);
}

test('the head of a frame is read as it was written', () => {
  assert.deepEqual(decodeCaptureHead(Buffer.from(golden, 'hex')), {
    kind: 'write',
    payloadBytes: 8192,
    isForced: true,
    slot: 3,
    number: 42,
    timeMicros: 123_456,
    offsetBytes: 1024 * 1024,
    lengthBytes: 8192,
    tag: 0,
  });
});

test('what the program cannot have written is refused', () => {
  const faults: Readonly<Record<string, (head: DataView) => void>> = {
    'unknown kind': (head) => head.setUint8(4, 0),
    'unknown flags': (head) => head.setUint8(5, 2),
    'no such slot': (head) => head.setUint16(6, 32, true),
    'not as long as its content': (head) => head.setUint32(0, 4096, true),
    'too long': (head) => head.setUint32(0, 0x7fffffff, true),
    'out of range': (head) => head.setUint8(31, 0x80),
    'does not begin with a block': (head) => head.setUint8(25, 2),
    'where none belongs': (head) => head.setUint8(4, 8),
  };
  for (const [text, change] of Object.entries(faults)) {
    assert.throws(broken(change), (error) => {
      return error instanceof FormatFault && error.message.includes(text);
    });
  }
  assert.throws(() => decodeCaptureHead(Buffer.from(golden, 'hex').subarray(0, 47)), FormatFault);
});
