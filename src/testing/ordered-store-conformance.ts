import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from '../base/errors.ts';
import type { KeyRange, OrderedStore, StoreEntry, StoreWrite } from '../keyvalue/ordered-store.ts';

/** Tables that every store under test is opened with. */
export const conformanceTables: readonly string[] = ['apples', 'pears'];

/** One store under test. */
export interface ConformanceStore {
  readonly store: OrderedStore;
  /** Closes the store, opens it again, and gives the new one. */
  reopen(): Promise<OrderedStore>;
  /** Takes away what is left, closed or not. */
  remove(): Promise<void>;
}

type Model = Map<string, Map<string, Uint8Array>>;

const keys = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
const bounds = fc.option(keys, { nil: undefined });
const writes = fc.array(
  fc.record({
    table: fc.constantFrom(...conformanceTables),
    key: fc.oneof(keys, fc.uint8Array({ minLength: 1, maxLength: 255 })),
    value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  }),
  { maxLength: 30 },
);
const ranges = fc.record({
  from: bounds,
  before: bounds,
  limit: fc.integer({ min: 1, max: 12 }),
  isDescending: fc.boolean(),
});

/**
 * The tests every OrderedStore must pass.
 * @param name - of the implementation
 * @param make - gives a new, empty store with the conformance tables
 */
export function testOrderedStore(name: string, make: () => Promise<ConformanceStore>): void {
  const withStore =
    (body: (under: ConformanceStore) => Promise<void>) => async (): Promise<void> => {
      const under = await make();
      try {
        await body(under);
      } finally {
        await under.remove();
      }
    };
  test(`${name}: reads what a sorted map would give`, withStore(agreesWithModel));
  test(`${name}: keeps everything over close and open`, withStore(keepsOverReopen));
  test(`${name}: commits apply in call order and whole`, withStore(appliesInOrder));
  test(`${name}: long values and keys`, withStore(holdsLongRows));
  test(`${name}: hands out copies`, withStore(handsOutCopies));
  test(`${name}: a broken-off walk leaves the store usable`, withStore(survivesBrokenWalks));
  test(`${name}: calls after close and unknown tables are bugs`, withStore(refusesMisuse));
}

async function agreesWithModel(under: ConformanceStore): Promise<void> {
  const model: Model = new Map(
    conformanceTables.map((table) => [table, new Map<string, Uint8Array>()]),
  );
  const property = fc.asyncProperty(writes, keys, ranges, async (batch, key, range) => {
    await under.store.commit(batch.map(toWrite));
    applyToModel(model, batch.map(toWrite));
    for (const table of conformanceTables) compare(under.store, model, { table, key, range });
  });
  await fc.assert(property, { numRuns: 150 });
}

interface Probe {
  readonly table: string;
  readonly key: Uint8Array;
  readonly range: { [Field in keyof KeyRange]: KeyRange[Field] | undefined } & { limit: number };
}

function compare(store: OrderedStore, model: Model, probe: Probe): void {
  const { table, key, range } = probe;
  const rows = sorted(model, table);
  assert.deepEqual(hex(store.get(table, key)), hex(model.get(table)!.get(hex(key)!)));
  const next = rows.find((row) => Buffer.compare(row.key, key) >= 0);
  assert.deepEqual(entryHex(store.seekAtOrAfter(table, key)), entryHex(next));
  const inside = rows.filter(
    (row) =>
      (range.from === undefined || Buffer.compare(row.key, range.from) >= 0) &&
      (range.before === undefined || Buffer.compare(row.key, range.before) < 0),
  );
  if (range.isDescending === true) inside.reverse();
  const found = [...store.range(table, toRange(range))];
  assert.deepEqual(found.map(entryHex), inside.slice(0, range.limit).map(entryHex));
}

async function keepsOverReopen(under: ConformanceStore): Promise<void> {
  await under.store.commit([
    put('apples', [1], [2]),
    put('pears', [0], []),
    put('pears', [9], [1]),
  ]);
  await under.store.commit([{ table: 'pears', key: Uint8Array.of(9) }]);
  const store = await under.reopen();
  assert.deepEqual(hex(store.get('apples', Uint8Array.of(1))), '02');
  assert.deepEqual(hex(store.get('pears', Uint8Array.of(0))), '');
  assert.equal(store.get('pears', Uint8Array.of(9)), undefined);
}

async function appliesInOrder(under: ConformanceStore): Promise<void> {
  const { store } = under;
  const commits: Promise<void>[] = [];
  for (let index = 1; index <= 50; index++) {
    commits.push(store.commit([put('apples', [1], [index]), put('pears', [1], [index])]));
    const done = commits.at(-1)!.then(() => {
      assert.ok(
        store.get('apples', Uint8Array.of(1))![0]! >= index,
        'a resolved commit is visible',
      );
    });
    commits[commits.length - 1] = done;
    assert.equal(
      hex(store.get('apples', Uint8Array.of(1))),
      hex(store.get('pears', Uint8Array.of(1))),
    );
    if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(commits);
  await store.flushed();
  assert.equal(hex(store.get('pears', Uint8Array.of(1))), '32');
}

async function holdsLongRows(under: ConformanceStore): Promise<void> {
  const { store } = under;
  const long = new Uint8Array(1024 * 1024).fill(7);
  const key = new Uint8Array(255).fill(255);
  await store.commit([
    { table: 'apples', key, value: long },
    { table: 'apples', key: Uint8Array.of(0), value: long.subarray(0, 5000) },
  ]);
  assert.deepEqual(store.get('apples', key)!.length, long.length);
  const walked = [...store.range('apples', { limit: 5 })];
  assert.deepEqual(
    walked.map((row) => row.value.length),
    [5000, long.length],
  );
  assert.ok(walked.every((row) => row.value.every((byte) => byte === 7)));
  assert.throws(() => store.get('apples', new Uint8Array(256)));
  assert.throws(() => store.get('apples', new Uint8Array(0)));
}

async function handsOutCopies(under: ConformanceStore): Promise<void> {
  const { store } = under;
  await store.commit([put('apples', [1], [1, 1, 1]), put('apples', [2], [2, 2, 2])]);
  const first = store.get('apples', Uint8Array.of(1))!;
  const second = store.seekAtOrAfter('apples', Uint8Array.of(2))!;
  store.get('apples', Uint8Array.of(2));
  assert.equal(hex(first), '010101');
  first.fill(9);
  second.value.fill(9);
  second.key.fill(9);
  assert.deepEqual([...store.range('apples', { limit: 9 })].map(entryHex), [
    '01=010101',
    '02=020202',
  ]);
}

async function survivesBrokenWalks(under: ConformanceStore): Promise<void> {
  const { store } = under;
  for (let round = 0; round < 300; round++) {
    await store.commit([put('apples', [1, round % 256], [round % 256]), put('apples', [0], [1])]);
    for (const row of store.range('apples', { limit: 100 })) {
      assert.equal(row.key.length, 1);
      break;
    }
  }
  assert.equal([...store.range('apples', { limit: 1000 })].length, 257);
}

async function refusesMisuse(under: ConformanceStore): Promise<void> {
  const { store } = under;
  assert.throws(() => store.get('quinces', Uint8Array.of(1)), { name: 'AssertionError' });
  await store.close();
  assert.throws(() => store.get('apples', Uint8Array.of(1)), { name: 'AssertionError' });
  await assert.rejects(
    async () => store.commit([put('apples', [1], [1])]),
    (error) => !isSecondwindError(error),
  );
}

function put(table: string, key: readonly number[], value: readonly number[]): StoreWrite {
  return { table, key: Uint8Array.from(key), value: Uint8Array.from(value) };
}

function toWrite(write: {
  table: string;
  key: Uint8Array;
  value: Uint8Array | undefined;
}): StoreWrite {
  const { table, key, value } = write;
  return value === undefined ? { table, key } : { table, key, value };
}

function toRange(range: Probe['range']): KeyRange {
  return {
    limit: range.limit,
    isDescending: range.isDescending === true,
    ...(range.from === undefined ? {} : { from: range.from }),
    ...(range.before === undefined ? {} : { before: range.before }),
  };
}

function applyToModel(model: Model, batch: readonly StoreWrite[]): void {
  for (const { table, key, value } of batch) {
    if (value === undefined) model.get(table)!.delete(hex(key)!);
    else model.get(table)!.set(hex(key)!, value);
  }
}

function sorted(model: Model, table: string): StoreEntry[] {
  return [...model.get(table)!]
    .map(([key, value]) => ({ key: Buffer.from(key, 'hex'), value }))
    .sort((left, right) => Buffer.compare(left.key, right.key));
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}

function entryHex(entry: StoreEntry | undefined): string | undefined {
  return entry && `${hex(entry.key)}=${hex(entry.value)}`;
}
