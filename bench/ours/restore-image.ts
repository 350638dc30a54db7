import { systemClock } from '../../src/base/system-clock.ts';
import { restoreDisk } from '../../src/recovery/restore/restore-disk.ts';
import { measuredDisk, withStore } from './open-store.ts';

/**
 * Restores the newest state of the disk to a new file.
 * @param folder - of the repository
 * @param path - the file
 */
export async function restoreImage(folder: string, path: string): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const view = await repository.openView(measuredDisk, Number.MAX_SAFE_INTEGER, {
      isReadOnce: true,
    });
    try {
      return await restoreDisk({ view, target: { path }, mode: 'whole', clock: systemClock });
    } finally {
      await view.close();
    }
  });
}
