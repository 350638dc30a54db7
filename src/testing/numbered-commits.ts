import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import type { OrderedStore, StoreWrite } from '../keyvalue/ordered-store.ts';

/** Tables that numbered commits write to. */
export const numberedTables: readonly string[] = ['apples', 'pears'];

/** More than the binding puts into its queue before its thread begins to write. */
const rowsPerCommit = 1100;
const counterKey = Uint8Array.of(0);

/**
 * A commit that can be recognised: rows at random places, and its number in both tables.
 * @param number - from 1, one after the other
 */
export function numberedBatch(number: number): StoreWrite[] {
  const writes: StoreWrite[] = numberedTables.map((table) => {
    return { table, key: counterKey, value: Buffer.from(String(number)) };
  });
  for (let row = 0; row < rowsPerCommit; row++) {
    const key = createHash('sha256').update(`${number}/${row}`).digest();
    writes.push({ table: 'apples', key, value: Buffer.concat([key, key]) });
  }
  return writes;
}

/**
 * Checks that a store holds exactly the commits from 1 to some number.
 * @param store - that only numbered batches were committed to
 * @returns that number; 0 for an empty store
 */
export function numberedRows(store: OrderedStore): number {
  const [apples, pears] = numberedTables.map((table) => {
    return Number(Buffer.from(store.get(table, counterKey) ?? []).toString());
  });
  assert.equal(apples, pears, 'a part of a commit');
  let count = 0;
  let last: Uint8Array = Uint8Array.of(0);
  for (const { key, value } of store.range('apples', { from: Uint8Array.of(0, 0), limit: 1e9 })) {
    assert.ok(Buffer.compare(last, key) < 0, 'rows out of order');
    assert.equal(Buffer.compare(Buffer.concat([key, key]), value), 0, 'a wrong row');
    last = key;
    count += 1;
  }
  assert.equal(count, apples! * rowsPerCommit, 'rows are missing or too many');
  return apples!;
}
