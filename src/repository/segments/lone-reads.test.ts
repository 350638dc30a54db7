import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { loneReadBytes, loneReadsMax } from '../../base/limits.ts';
import { MemoryStorage } from '../../storage/memory-storage.ts';
import type { StorageReader } from '../../storage/storage.ts';
import { LoneReads } from './lone-reads.ts';

const stored = Buffer.alloc(
  3 * loneReadBytes,
  Buffer.from(Uint8Array.from({ length: 251 }, (_, at) => at)),
);

async function openStored(): Promise<StorageReader> {
  const storage = new MemoryStorage();
  await storage.put('object', stored);
  return storage.open('object');
}

function groupAt(offsetBytes: number): { offsetBytes: number; guessBytes: undefined; pages: [] } {
  return { offsetBytes, guessBytes: undefined, pages: [] };
}

describe('lone reads', () => {
  test('many at once each see their own bytes, and never more than allowed are under way', async () => {
    const reads = new LoneReads();
    const reader = await openStored();
    let underWay = 0;
    let most = 0;
    const work = Array.from({ length: 3 * loneReadsMax }, async (_, index) => {
      const offsetBytes = index * 4096;
      await reads.read(reader, groupAt(offsetBytes), async ({ sealed }) => {
        most = Math.max(most, ++underWay);
        await new Promise(setImmediate);
        assert(
          Buffer.from(sealed!).equals(stored.subarray(offsetBytes, offsetBytes + loneReadBytes)),
        );
        underWay -= 1;
      });
    });
    await Promise.all(work);
    assert.equal(most, loneReadsMax);
  });

  test('what lies behind the end is not there, and a failure gives the memory back', async () => {
    const reads = new LoneReads();
    const reader = await openStored();
    for (let attempt = 0; attempt < loneReadsMax + 1; attempt++) {
      const failing = reads.read(reader, groupAt(stored.length - 10), async ({ sealed }) => {
        assert.equal(sealed?.length, 10);
        throw new Error('it does not open');
      });
      await assert.rejects(failing, /it does not open/);
    }
  });
});
