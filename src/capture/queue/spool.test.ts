import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blockBytes, slabBytes } from '../../base/limits.ts';
import { MemoryFile } from '../../testing/memory-file.ts';
import { SlabPool, slabBlocks } from '../slab-pool.ts';
import { Spool, type SpoolPlace } from './spool.ts';

const key = new Uint8Array(32).fill(5);

function createPool(): SlabPool {
  return new SlabPool({ memoryBytesMax: 16 * slabBytes, reserveBytes: slabBytes });
}

/** Blocks filled with a number of their own. */
function fill(pool: SlabPool, slabs: readonly number[], count: number, tag: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const position = slabs[Math.floor(i / slabBlocks)]! * slabBlocks + (i % slabBlocks);
    pool.blocks(position, 1).fill((tag + i) % 251);
    return position;
  });
}

async function assertHolds(spool: Spool, place: SpoolPlace, tag: number): Promise<void> {
  const pool = createPool();
  const slabCount = Math.ceil(place.blockCount / slabBlocks);
  const slabs = Array.from({ length: slabCount }, () => pool.take('drain'));
  await spool.get(place, pool, slabs);
  for (let i = 0; i < place.blockCount; i++) {
    const slab = slabs[Math.floor(i / slabBlocks)]!;
    const block = pool.bytes(slab).subarray((i % slabBlocks) * blockBytes);
    assert.equal(block[0], (tag + i) % 251);
    assert.equal(block[blockBytes - 1], (tag + i) % 251);
  }
}

describe('spool', () => {
  test('what goes in first comes out first, whole, round and round, inside its bounds', async () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(0)), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (counts) => {
        const file = new MemoryFile();
        const bytesMax = 4 * slabBytes;
        const spool = new Spool({ file, key, bytesMax });
        const pool = createPool();
        const slabs = [pool.take('capture'), pool.take('capture'), pool.take('capture')];
        const kept: { place: SpoolPlace; tag: number }[] = [];
        for (const [tag, count] of counts.entries()) {
          const oldest = kept[0];
          if (count === 0 && oldest !== undefined) {
            await assertHolds(spool, oldest.place, oldest.tag);
            spool.free(oldest.place);
            kept.shift();
          } else if (count > 0) {
            const place = await spool.put(fill(pool, slabs, count, tag), pool);
            if (place !== undefined) kept.push({ place, tag });
            else assert.ok(spool.usedBytes > 0, 'an empty spool has room');
          }
        }
        for (const { place, tag } of kept) await assertHolds(spool, place, tag);
        assert.ok(file.content.length <= bytesMax);
      }),
      { numRuns: 25 },
    );
  });

  test('plain data does not rest, and equal data does not look equal', async () => {
    const file = new MemoryFile();
    const spool = new Spool({ file, key, bytesMax: slabBytes });
    const pool = createPool();
    const slab = pool.take('capture');
    pool.bytes(slab).fill(0x41);
    await spool.put(Int32Array.of(slab * slabBlocks), pool);
    await spool.put(Int32Array.of(slab * slabBlocks), pool);
    const [first, second] = [file.content.subarray(0, 64), file.content.subarray(4112, 4176)];
    assert.ok(!file.content.includes('AAAAAAAA'));
    assert.ok(!first.equals(second));
  });

  test('every flipped bit, and a short file, is found', async () => {
    const pool = createPool();
    const slabs = [pool.take('capture')];
    for (const at of [0, 100, 4095, 4096, 4111]) {
      const file = new MemoryFile();
      const spool = new Spool({ file, key, bytesMax: slabBytes });
      const place = await spool.put(fill(pool, slabs, 1, 9), pool);
      file.flip(at);
      await assert.rejects(spool.get(place!, pool, slabs), { code: 'DAMAGED' });
    }
    const spool = new Spool({ file: new MemoryFile(), key, bytesMax: slabBytes });
    const place = { offsetBytes: 0, lengthBytes: 4112, blockCount: 1, firstPiece: 0 };
    await assert.rejects(spool.get(place, pool, slabs), { code: 'DAMAGED' });
  });

  test('a failed write leaves no place behind', async () => {
    const file = new MemoryFile();
    file.failsAt = () => true;
    file.failureCode = 'NO_SPACE';
    const spool = new Spool({ file, key, bytesMax: slabBytes });
    const pool = createPool();
    const positions = fill(pool, [pool.take('capture')], 3, 1);
    await assert.rejects(spool.put(positions, pool), { code: 'NO_SPACE' });
    assert.equal(spool.usedBytes, 0);
  });
});
