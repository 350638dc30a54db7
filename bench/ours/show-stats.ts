import { withStore } from './open-store.ts';

/**
 * Sizes over the whole repository.
 * @param folder - of the repository
 */
export async function showStats(folder: string): Promise<unknown> {
  return withStore(folder, (repository) => repository.stats());
}
