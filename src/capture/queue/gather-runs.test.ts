import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blockBytes, regionBlocks, slabBytes } from '../../base/limits.ts';
import type { BlockRun } from '../../repository/index.ts';
import type { ZeroRun } from '../cut.ts';
import { SlabPool, slabBlocks } from '../slab-pool.ts';
import { gatherRuns } from './gather-runs.ts';

const blockMax = 3 * regionBlocks;

describe('gathering', () => {
  test('shows every block as it was written last, sorted and apart', async () => {
    const blocks = fc.uniqueArray(fc.nat(blockMax - 1), { maxLength: 400 });
    const zero = fc.tuple(fc.nat(blockMax), fc.integer({ min: 1, max: 300 }));
    await fc.assert(
      fc.asyncProperty(blocks, fc.array(zero, { maxLength: 5 }), fc.boolean(), verify),
      { numRuns: 60 },
    );
  });

  test('blocks that lie in sequence are used where they lie', async () => {
    const pool = new SlabPool({ memoryBytesMax: 3 * slabBytes, reserveBytes: slabBytes });
    const slab = pool.take('capture');
    const positions = Int32Array.from({ length: 20 }, (_, i) => slab * slabBlocks + i);
    const blocks = Float64Array.from({ length: 20 }, (_, i) => 100 + i);
    const { runs, slabs } = await gatherRuns({ blocks, positions, zeroes: [] }, pool);
    assert.deepEqual(slabs, []);
    assert.equal(runs.length, 1);
    assert.equal(runs[0]!.data!.buffer, pool.bytes(slab).buffer);
  });
});

async function verify(
  written: readonly number[],
  zeroed: readonly (readonly [number, number])[],
  hasMemory: boolean,
): Promise<void> {
  const memoryBytesMax = (hasMemory ? 8 : 3) * slabBytes;
  const pool = new SlabPool({ memoryBytesMax, reserveBytes: slabBytes });
  const slabs = [pool.take('capture'), pool.take('capture')];
  if (!hasMemory) slabs.push(pool.take('drain'));
  const positionOf = new Map<number, number>();
  for (const [i, block] of written.entries()) {
    const position = slabs[Math.floor(i / slabBlocks)]! * slabBlocks + (i % slabBlocks);
    positionOf.set(block, position);
    pool.blocks(position, 1).fill(1 + (block % 250));
  }
  const blocks = Float64Array.from(written).sort();
  const positions = Int32Array.from(blocks, (block) => positionOf.get(block)!);
  const zeroes = apart(zeroed);
  const { runs } = await gatherRuns({ blocks, positions, zeroes }, pool);
  const shown = shownBy(runs);
  for (let block = 0; block < blockMax + 400; block++) {
    const isZeroed = zeroes.some(
      (z) => block >= z.firstBlock && block < z.firstBlock + z.blockCount,
    );
    const expected = positionOf.has(block) ? 1 + (block % 250) : isZeroed ? 0 : undefined;
    assert.equal(shown.get(block), expected, `block ${block}`);
  }
}

function apart(ranges: readonly (readonly [number, number])[]): ZeroRun[] {
  const zeroes: ZeroRun[] = [];
  for (const [first, blockCount] of [...ranges].sort(([left], [right]) => left - right)) {
    const end = zeroes.at(-1);
    const firstBlock = Math.max(first, end === undefined ? 0 : end.firstBlock + end.blockCount + 1);
    zeroes.push({ firstBlock, blockCount });
  }
  return zeroes.filter((zero) => zero.firstBlock + zero.blockCount < blockMax + 300);
}

/** What every block reads as; asserts that runs are sorted and apart, and that data stays inside one region. */
function shownBy(runs: readonly BlockRun[]): Map<number, number> {
  const shown = new Map<number, number>();
  let previousEnd = 0;
  for (const { firstBlock, blockCount, data } of runs) {
    assert.ok(firstBlock >= previousEnd && blockCount > 0);
    previousEnd = firstBlock + blockCount;
    if (data !== undefined) {
      assert.equal(data.length, blockCount * blockBytes);
      const lastRegion = Math.floor((previousEnd - 1) / regionBlocks);
      assert.equal(Math.floor(firstBlock / regionBlocks), lastRegion);
    }
    for (let i = 0; i < blockCount; i++) shown.set(firstBlock + i, data?.[i * blockBytes] ?? 0);
  }
  return shown;
}
