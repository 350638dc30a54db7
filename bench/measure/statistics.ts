/**
 * The element in the middle by one of its figures; of an even number the better one's neighbour, never a mean of two.
 * @param items - at least one
 * @param figure - what to order by
 */
export function medianBy<T>(items: readonly T[], figure: (item: T) => number): T {
  const sorted = [...items].sort((left, right) => figure(left) - figure(right));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/**
 * The value that a share of all values do not exceed.
 * @param values - at least one, in any order
 * @param share - 0 to 1
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}
