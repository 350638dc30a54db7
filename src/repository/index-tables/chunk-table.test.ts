import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import { isIndexDamage } from './index-damage.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';

const options = { repositoryId: Uint8Array.of(7), start: { segment: 1, offsetBytes: 0 } };
const place = {
  segment: 4_000_000_000,
  entryOffsetBytes: 4_100_000_000,
  startBlock: 65_535,
  blockCount: 64,
};

/** Names of which many share their first 8 bytes, as keyed hashes never would. */
const names = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 9 }))
  .map(([prefix, rest]) => {
    const name = new Uint8Array(32).fill(prefix, 0, 8);
    return name.fill(rest, 8);
  });

test('every name keeps the one number it got first, however staging and flushing interleave', async () => {
  const steps = fc.array(fc.record({ name: names, isFlushed: fc.boolean() }), { maxLength: 60 });
  const property = fc.asyncProperty(steps, async (list) => {
    const store = new MemoryStore(indexTableNames);
    const tables = new IndexTables(store, options);
    const writer = new IndexWriter(tables);
    const numbers = new Map<string, number>();
    const flushes: Promise<void>[] = [];
    for (const { name, isFlushed } of list) {
      const text = Buffer.from(name).toString('hex');
      assert.equal(writer.findChunk(name), numbers.get(text));
      const number = writer.addChunk(name, place);
      if (!numbers.has(text)) numbers.set(text, numbers.size + 1);
      assert.equal(number, numbers.get(text));
      if (isFlushed) flushes.push(writer.flush());
      if (number % 2 === 0) await Promise.resolve();
    }
    await Promise.all([...flushes, writer.flush()]);
    for (const [text, number] of numbers) {
      const name = Buffer.from(text, 'hex');
      assert.equal(tables.chunks.numberOf(name), number);
      assert.deepEqual(Buffer.from(tables.chunks.nameOf(number)), name);
      assert.deepEqual(tables.chunks.placeOf(number), place);
    }
    assert.equal(tables.state().counters.chunkCount, numbers.size);
  });
  await fc.assert(property, { numRuns: 150 });
});

test('a number without a chunk is damage, a name without one is not', () => {
  const tables = new IndexTables(new MemoryStore(indexTableNames), options);
  assert.equal(tables.chunks.numberOf(new Uint8Array(32)), undefined);
  assert.throws(() => tables.chunks.placeOf(1), isIndexDamage);
});

test('readers see a chunk only when it is stored, the writer at once', async () => {
  const tables = new IndexTables(new MemoryStore(indexTableNames), options);
  const writer = new IndexWriter(tables);
  const name = new Uint8Array(32).fill(3);
  writer.addChunk(name, place);
  assert.equal(writer.findChunk(name), 1);
  assert.equal(tables.chunks.numberOf(name), undefined);
  const flush = writer.flush();
  assert.equal(writer.findChunk(name), 1, 'while it travels');
  await flush;
  assert.equal(tables.chunks.numberOf(name), 1);
});
