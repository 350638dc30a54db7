import type { StoreWrite } from './ordered-store.ts';

/**
 * Sorts a batch by table and key, so that neighbouring rows are written while their page is at hand.
 * @param writes - a batch
 * @returns the batch; of several writes to one key only the last
 */
export function sortWrites(writes: readonly StoreWrite[]): StoreWrite[] {
  const sorted = writes.toSorted((left, right) =>
    left.table === right.table
      ? Buffer.compare(left.key, right.key)
      : left.table < right.table
        ? -1
        : 1,
  );
  return sorted.filter((write, index) => {
    const next = sorted[index + 1];
    return next?.table !== write.table || Buffer.compare(next.key, write.key) !== 0;
  });
}
