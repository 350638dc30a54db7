import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import { isIndexDamage } from './index-damage.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';
import { placesPerRow } from './place-table.ts';

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

/** A store whose next commit fails when told so. */
class FailingStore extends MemoryStore {
  isFailing = false;

  override commit(writes: Parameters<MemoryStore['commit']>[0]): Promise<void> {
    return this.isFailing ? Promise.reject(new Error('planned fault')) : super.commit(writes);
  }
}

type Step = 'add' | 'move' | 'flush' | 'fail' | 'discard' | 'reopen';

/** What a chunk table has to know: what is staged, and what is stored. */
class ChunkModel {
  readonly store = new FailingStore(indexTableNames);
  readonly #recentNamesMax: number;
  tables: IndexTables;
  writer: IndexWriter;
  staged: { name: Uint8Array; segment: number }[] = [];
  stored: { name: Uint8Array; segment: number }[] = [];
  readonly #lost: Uint8Array[] = [];
  #made = 0;

  constructor(recentNamesMax: number) {
    this.#recentNamesMax = recentNamesMax;
    this.tables = new IndexTables(this.store, { ...options, recentNamesMax });
    this.writer = new IndexWriter(this.tables);
  }

  async run(step: Step): Promise<void> {
    if (step === 'add') for (let count = 0; count < 7; count++) this.#add();
    if (step === 'move') this.#move();
    if (step === 'flush') await this.writer.flush();
    if (step === 'flush') this.stored = this.staged.map((chunk) => ({ ...chunk }));
    if (step === 'fail') await this.#fail();
    if (step === 'discard') await this.writer.discard();
    if (step === 'reopen') this.#reopen();
    if (step === 'discard' || step === 'reopen') {
      this.#lost.push(...this.staged.slice(this.stored.length).map(({ name }) => name));
      this.staged = this.stored.map((chunk) => ({ ...chunk }));
    }
  }

  verify(): void {
    for (const [index, { name, segment }] of this.staged.entries()) {
      assert.equal(this.writer.findChunk(name), index + 1);
      const isSound = this.writer.findSoundChunk(name, (found) => found.segment !== segment);
      assert.equal(isSound, index + 1, 'the place is the newest one');
    }
    for (const [index, { name, segment }] of this.stored.entries()) {
      assert.equal(this.tables.chunks.numberOf(name), index + 1);
      assert.deepEqual(Buffer.from(this.tables.chunks.nameOf(index + 1)), Buffer.from(name));
      assert.equal(this.tables.chunks.placeOf(index + 1).segment, segment);
    }
    for (const name of [...this.#lost, this.#nameOf(this.#made + 1)]) {
      assert.equal(this.writer.findChunk(name), undefined);
    }
  }

  #add(): void {
    const name = this.#nameOf(++this.#made);
    this.staged.push({ name, segment: 1 });
    assert.equal(this.writer.addChunk(name, { ...place, segment: 1 }), this.staged.length);
  }

  #move(): void {
    const chunk = this.staged[Math.floor(this.staged.length / 3)];
    if (chunk === undefined) return;
    chunk.segment++;
    this.writer.addChunk(chunk.name, { ...place, segment: chunk.segment });
  }

  async #fail(): Promise<void> {
    this.store.isFailing = true;
    await this.writer.flush().catch(() => undefined);
    this.store.isFailing = false;
  }

  #reopen(): void {
    this.tables = new IndexTables(this.store, {
      ...options,
      recentNamesMax: this.#recentNamesMax,
    });
    this.writer = new IndexWriter(this.tables);
  }

  /** Every fourth begins with the same 8 bytes as the three before it, every second pair with the same 4. */
  #nameOf(number: number): Uint8Array {
    const name = Buffer.alloc(32, number % 251);
    name.writeUInt32LE(Math.imul(Math.floor(number / 8), 2_654_435_761) >>> 0, 0);
    name.writeUInt32LE(Math.floor(number / 4), 4);
    name.writeUInt32LE(number, 8);
    return name;
  }
}

test('names and places are those of the model, through failed batches, discards and reopenings', async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      'add',
      'add',
      'add',
      'move',
      'flush',
      'flush',
      'fail',
      'discard',
      'reopen',
    ),
    { maxLength: 40, size: 'max' },
  );
  const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 60 }), async (list, max) => {
    const model = new ChunkModel(max);
    for (const step of list) {
      await model.run(step);
      model.verify();
    }
  });
  await fc.assert(property, { numRuns: 100 });
});

test('a name reaches its table once enough are gathered, twins in one row, and memory is let go', async () => {
  const model = new ChunkModel(3 * placesPerRow);
  for (let step = 0; step < 200; step++) await model.run(step % 4 === 3 ? 'flush' : 'add');
  model.verify();
  const { chunkCount } = model.tables.state().counters;
  const { namedCount } = model.tables.state();
  assert.ok(namedCount > chunkCount - 6 * placesPerRow, `${namedCount} of ${chunkCount}`);
  const rows = [...model.store.range('names', { limit: chunkCount })];
  assert.ok(rows.length >= namedCount / 4 && rows.length < chunkCount / 3, `${rows.length} rows`);
});
