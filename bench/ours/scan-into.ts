import { systemClock } from '../../src/base/system-clock.ts';
import { scanImage } from '../../src/capture/scan/scan-image.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import { measuredDisk, withStore } from './open-store.ts';

/**
 * Stores an image, or what differs from the one stored before.
 * @param folder - of the repository
 * @param image - path of the image
 * @param diskName - of the disk it is an image of; one name serves all works that have one disk
 */
export async function scanInto(folder: string, image: string, diskName: string): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const disk = await openFileDisk(image, { clock: systemClock, isReadOnly: true });
    const name = diskName === '' ? measuredDisk : { ...measuredDisk, disk: diskName };
    try {
      const options = { disk, name, sink: repository, views: repository, clock: systemClock };
      return await scanImage(options);
    } finally {
      await disk.close();
    }
  });
}
