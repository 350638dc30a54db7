import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blockBytes, chunkBlocksMax, groupBytesMax } from '../base/limits.ts';
import {
  chunkNameBytes,
  decodeGroupDirectory,
  encodeGroupDirectory,
  groupDirectoryBytes,
} from './chunk-group.ts';
import { FormatFault } from './format-fault.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const chunks = [
  { name: Buffer.alloc(32, 0x11), blockCount: 2 },
  { name: Buffer.alloc(32, 0x22), blockCount: 64 },
];
const golden = `0200${'11'.repeat(32)}0200${'22'.repeat(32)}4000`;

function group(of: Parameters<typeof encodeGroupDirectory>[0], dataBlocks: number): Buffer {
  return Buffer.concat([encodeGroupDirectory(of), Buffer.alloc(dataBlocks * blockBytes)]);
}

describe(`chunk group (SEED=${seed})`, () => {
  test('the directory has not changed since version 1', () => {
    assert.equal(Buffer.from(encodeGroupDirectory(chunks)).toString('hex'), golden);
    const plain = Buffer.concat([Buffer.from(golden, 'hex'), Buffer.alloc(66 * blockBytes)]);
    assert.deepEqual(decodeGroupDirectory(plain), {
      chunks: [
        { ...chunks[0], startBlock: 0 },
        { ...chunks[1], startBlock: 2 },
      ],
      dataOffsetBytes: 70,
    });
  });

  test('what was encoded is decoded', () => {
    const name = fc.uint8Array({ minLength: chunkNameBytes, maxLength: chunkNameBytes });
    const blockCount = fc.integer({ min: 1, max: chunkBlocksMax });
    const any = fc.array(fc.record({ name, blockCount }), { maxLength: 8 });
    const property = fc.property(any, (all) => {
      const blocks = all.reduce((sum, chunk) => sum + chunk.blockCount, 0);
      const plain = group(all, blocks);
      const directory = decodeGroupDirectory(plain);
      assert.equal(directory.dataOffsetBytes, groupDirectoryBytes(all.length));
      let startBlock = 0;
      for (const [index, chunk] of directory.chunks.entries()) {
        assert(Buffer.from(chunk.name).equals(all[index]!.name));
        assert.equal(chunk.blockCount, all[index]!.blockCount);
        assert.equal(chunk.startBlock, startBlock);
        startBlock += chunk.blockCount;
      }
      assert.equal(directory.chunks.length, all.length);
      const cut = plain.subarray(0, -1);
      assert.throws(() => decodeGroupDirectory(cut), FormatFault);
      assert.throws(() => decodeGroupDirectory(Buffer.concat([plain, cut])), FormatFault);
    });
    fc.assert(property, { seed, numRuns: 100 });
  });

  test('chunks of no block, or longer than any chunk, are refused', () => {
    for (const blockCount of [0, chunkBlocksMax + 1, 0xffff]) {
      const plain = group([{ name: Buffer.alloc(32), blockCount }], blockCount % 0xffff);
      assert.throws(() => decodeGroupDirectory(plain), /impossible length/);
    }
  });

  test('more chunks than a group has blocks are refused', () => {
    const plain = Buffer.alloc(groupBytesMax);
    plain.writeUInt16LE(groupBytesMax / blockBytes + 1);
    assert.throws(() => decodeGroupDirectory(plain), /too many chunks/);
  });
});
