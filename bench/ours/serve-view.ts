import { measuredDisk, withStore } from './open-store.ts';
import { serveReadOnly } from './serve.ts';

/**
 * Serves the newest state of the disk.
 * @param folder - of the repository
 * @param socket - path of the Unix socket
 */
export async function serveView(folder: string, socket: string): Promise<void> {
  await withStore(folder, async (repository) => {
    const view = await repository.openView(measuredDisk, Number.MAX_SAFE_INTEGER);
    try {
      await serveReadOnly(view, socket);
    } finally {
      await view.close();
    }
  });
}
