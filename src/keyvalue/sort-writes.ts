import type { StoreWrite } from './ordered-store.ts';

/**
 * Sorts a batch by table and key, so that neighbouring rows are written while their page is at hand.
 * @param writes - a batch
 * @returns the batch; writes to one key stay in their order, so that the last counts
 */
export function sortWrites(writes: readonly StoreWrite[]): StoreWrite[] {
  return writes.toSorted((left, right) => {
    if (left.table !== right.table) return left.table < right.table ? -1 : 1;
    return Buffer.compare(left.key, right.key);
  });
}
