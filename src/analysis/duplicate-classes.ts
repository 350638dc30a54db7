import type { DuplicateClass } from './analysis-result.ts';
import type { NameCounts } from './name-counts.ts';

/** Totals over all counted names, scaled up from the sample. */
export interface DuplicateTotals {
  /** Different chunks. */
  readonly uniqueChunkCount: number;
  /** Bytes of the different chunks. */
  readonly uniqueBytes: number;
  /** Classes that are not empty, by number of occurrences: 1, 2, 3–4, 5–8 and so on. */
  readonly classes: readonly DuplicateClass[];
}

/**
 * Sorts chunks by how often they occur.
 * @param names - all that was counted
 */
export function duplicateTotals(names: NameCounts): DuplicateTotals {
  const scale = names.sampledOneIn;
  const classes: { chunkCount: number; savedBytes: number }[] = [];
  let uniqueChunkCount = 0;
  let uniqueBytes = 0;
  for (const { count, lengthBytes } of names.entries()) {
    const own = (classes[classOf(count)] ??= { chunkCount: 0, savedBytes: 0 });
    own.chunkCount += scale;
    own.savedBytes += (count - 1) * lengthBytes * scale;
    uniqueChunkCount += scale;
    uniqueBytes += lengthBytes * scale;
  }
  const listed = classes.flatMap((own, index) => [{ ...limitsOf(index), ...own }]);
  return { uniqueChunkCount, uniqueBytes, classes: listed };
}

function classOf(count: number): number {
  return Math.ceil(Math.log2(count));
}

function limitsOf(index: number): { readonly fromCount: number; readonly toCount: number } {
  return { fromCount: index === 0 ? 1 : 2 ** (index - 1) + 1, toCount: 2 ** index };
}
