import { withStore } from './open-store.ts';

/**
 * Builds the index anew from the segments.
 * @param folder - of the repository
 * @returns how long it took, and over how much
 */
export async function rebuildIndex(folder: string): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const { logicalBytes, uniqueBytes, storedBytes, chunkCount } = await repository.stats();
    const start = performance.now();
    await repository.rebuild({});
    const seconds = (performance.now() - start) / 1000;
    return { seconds, logicalBytes, uniqueBytes, storedBytes, chunkCount };
  });
}
