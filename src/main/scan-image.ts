import type { Clock } from '../base/clock.ts';
import { scanImage } from '../capture/scan/scan-image.ts';
import { openFileDisk } from '../disk/file-disk.ts';
import type { Repository } from '../repository/index.ts';
import type { ImageScanner } from '../service/image-scanner.ts';

/**
 * Makes the scanner of images.
 * @param repository - where commits go
 * @param clock - decides their time
 */
export function scanImageWith(repository: Repository, clock: Clock): ImageScanner {
  return async (name, path, { progress, signal }) => {
    const disk = await openFileDisk(path, { isReadOnly: true, clock });
    try {
      const result = await scanImage({
        disk,
        name,
        sink: repository,
        views: repository,
        clock,
        signal,
        progress: (done, total) => {
          progress({ phase: 'Comparing the image', done, total, unit: 'bytes' });
        },
      });
      return { ...result, pointMicros: result.timeMicros, sizeBytes: disk.sizeBytes };
    } finally {
      await disk.close();
    }
  };
}
