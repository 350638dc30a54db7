import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import { withStore } from './open-store.ts';
import { serveWritable } from './serve.ts';
import { captureDisk } from './tapped-disk.ts';

/**
 * Serves a disk that is captured.
 * @param folder - of the repository
 * @param image - the disk's own file
 * @param socket - path of the Unix socket
 * @returns what became of the capture
 */
export async function serveTap(folder: string, image: string, socket: string): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const { disk, capture, account } = await captureDisk({ folder, image, repository });
    await serveWritable(disk, socket);
    await capture.close();
    return account();
  });
}

/**
 * Serves the same file without capture.
 * @param image - the disk's own file
 * @param socket - path of the Unix socket
 */
export async function serveFile(image: string, socket: string): Promise<void> {
  const disk = await openFileDisk(image, { clock: systemClock });
  await serveWritable(disk, socket);
  await disk.close();
}
