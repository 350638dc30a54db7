import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatFault } from '../../format/format-fault.ts';
import { extentLists } from '../../testing/index-model.ts';
import { decodeExtents, encodeExtents, extentBytesMax } from './extent-codec.ts';
import { RegionExtents } from './region-extents.ts';

function encode(extents: RegionExtents): Uint8Array {
  const target = new Uint8Array(extents.count * extentBytesMax);
  return target.subarray(0, encodeExtents(extents, target, 0));
}

test('what is encoded is decoded', () => {
  const property = fc.property(extentLists, (list) => {
    const extents = RegionExtents.from(list);
    assert.deepEqual(decodeExtents(encode(extents), 0).toArray(), extents.toArray());
  });
  fc.assert(property, { numRuns: 2000 });
});

test('any bytes are decoded to extents in range, or refused', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      const extents = decodeExtents(bytes, 0);
      assert.deepEqual(RegionExtents.from(extents.toArray()).toArray(), extents.toArray());
    } catch (error) {
      assert.ok(error instanceof FormatFault);
    }
  });
  fc.assert(property, { numRuns: 5000 });
});

test('the bytes of a few extents, as documented', () => {
  const extents = RegionExtents.from([
    { startBlock: 0, blockCount: 8, chunkNumber: 1, chunkStartBlock: 0 },
    { startBlock: 8, blockCount: 16, chunkNumber: 2, chunkStartBlock: 0 },
    { startBlock: 30, blockCount: 1, chunkNumber: 0x010203, chunkStartBlock: 0x0405 },
    { startBlock: 31, blockCount: 2, chunkNumber: 0, chunkStartBlock: 0 },
    { startBlock: 33, blockCount: 1, chunkNumber: 0x010203, chunkStartBlock: 0 },
    { startBlock: 34, blockCount: 3, chunkNumber: 0, chunkStartBlock: 1 },
  ]);
  const hex = Buffer.from(encode(extents)).toString('hex');
  assert.equal(hex, ['0807', '080f', '75060302010504', '0201', '10', '0602'].join(''));
});

test('a region of single blocks costs at most 10 bytes an extent', () => {
  const list = Array.from({ length: 128 }, (_, index) => ({
    startBlock: 2 * index,
    blockCount: 1,
    chunkNumber: 2 ** 39 + 1000 * index,
    chunkStartBlock: 3,
  }));
  assert.ok(encode(RegionExtents.from(list)).length <= 128 * 10);
});
