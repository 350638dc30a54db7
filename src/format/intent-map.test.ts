import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FormatFault } from './format-fault.ts';
import {
  decodeIntentHeader,
  decodeIntentMap,
  encodeIntentHeader,
  encodeIntentSector,
  type IntentHeader,
  intentExtentBytes,
  intentSectorBitBytes,
  intentSectorBytes,
  intentSectorCount,
  intentSectorExtents,
} from './intent-map.ts';

const header: IntentHeader = {
  isClean: true,
  diskBytes: 2 * intentSectorExtents * intentExtentBytes,
  backingBytes: 0x0102030405,
  backingMicros: 1_795_000_000_123_456,
  storedMicros: 1_795_000_000_000_001,
};

function wholeMap(bits: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat([
      encodeIntentHeader(header),
      encodeIntentSector(bits, 1),
      encodeIntentSector(bits, 2),
    ]),
  );
}

describe('intent map', () => {
  test('the head has not changed since version 1', () => {
    const golden =
      '5357494e544e540a0100010000004000000000e007000000' +
      '0504030201000000401261018b6006000100000000000000';
    const encoded = Buffer.from(encodeIntentHeader({ ...header, storedMicros: 1 }));
    assert.equal(encoded.subarray(0, 48).toString('hex'), golden);
    assert.equal(encoded.subarray(508).toString('hex'), '7643788b');
    assert.ok(encoded.subarray(48, 508).every((byte) => byte === 0));
  });

  test('a bitmap sector has not changed since version 1', () => {
    const bits = new Uint8Array(2 * intentSectorBitBytes);
    bits[intentSectorBitBytes] = 0x81;
    const encoded = Buffer.from(encodeIntentSector(bits, 2));
    assert.equal(encoded[0], 0x81);
    assert.equal(encoded.subarray(504).toString('hex'), '02000000e36870a2');
  });

  test('what was encoded is decoded', () => {
    const bits = new Uint8Array(2 * intentSectorBitBytes).map((_, i) => (i * 37) & 0xff);
    const map = decodeIntentMap(wholeMap(bits), header.diskBytes);
    assert.deepEqual(map, { header, bits, damagedSectors: [] });
  });

  test('sizes of a small and a large disk', () => {
    assert.equal(intentSectorCount(1), 1);
    assert.equal(intentSectorCount(intentSectorExtents * intentExtentBytes), 1);
    assert.equal(intentSectorCount(intentSectorExtents * intentExtentBytes + 1), 2);
  });

  test('every flipped bit is found: in the head as a fault, in a sector as all set', () => {
    const sound = wholeMap(new Uint8Array(2 * intentSectorBitBytes));
    for (let at = 0; at < sound.length; at++) {
      const bytes = Uint8Array.from(sound);
      bytes[at]! ^= 1 << (at % 8);
      if (at < intentSectorBytes) {
        assert.throws(() => decodeIntentMap(bytes, header.diskBytes), FormatFault);
        continue;
      }
      const sector = Math.floor(at / intentSectorBytes);
      const map = decodeIntentMap(bytes, header.diskBytes);
      assert.deepEqual(map.damagedSectors, [sector]);
      const own = map.bits.subarray(
        (sector - 1) * intentSectorBitBytes,
        sector * intentSectorBitBytes,
      );
      assert.ok(own.every((byte) => byte === 0xff));
    }
  });

  test('swapped and missing sectors count as all set', () => {
    const sound = wholeMap(new Uint8Array(2 * intentSectorBitBytes));
    const swapped = Uint8Array.from(sound);
    swapped.set(sound.subarray(1024, 1536), 512);
    swapped.set(sound.subarray(512, 1024), 1024);
    assert.deepEqual(decodeIntentMap(swapped, header.diskBytes).damagedSectors, [1, 2]);
    const short = decodeIntentMap(sound.subarray(0, 1500), header.diskBytes);
    assert.deepEqual(short.damagedSectors, [2]);
  });

  test('a map of a disk of another size says nothing', () => {
    const sound = wholeMap(new Uint8Array(2 * intentSectorBitBytes));
    assert.throws(() => decodeIntentMap(sound, header.diskBytes - 512), FormatFault);
  });

  test('a newer version is refused in words', () => {
    const bytes = encodeIntentHeader(header);
    bytes[8] = 2;
    assert.throws(() => decodeIntentHeader(bytes), /newer format 2/);
  });

  test('random bytes are refused, never misread', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2048 }), (bytes) => {
        assert.throws(() => decodeIntentMap(bytes, header.diskBytes), FormatFault);
      }),
      { numRuns: 2000 },
    );
  });
});
