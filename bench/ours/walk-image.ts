import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';

/**
 * Opens an image without partitions with our own reader.
 * @param image - its path
 * @param use - what to do with it
 */
export async function withFileSystem<T>(
  image: string,
  use: (fileSystem: FileSystem) => Promise<T>,
): Promise<T> {
  const disk = await openFileDisk(image, { clock: systemClock, isReadOnly: true });
  try {
    const fileSystem = await openFileSystem(disk);
    if (fileSystem === undefined) throw new Error(`${image} holds no file system`);
    try {
      return await use(fileSystem);
    } finally {
      await fileSystem.close();
    }
  } finally {
    await disk.close();
  }
}

/**
 * Meets every file of an image, with every name.
 * @param image - its path
 */
export async function walkImage(image: string): Promise<unknown> {
  return withFileSystem(image, async (fileSystem) => {
    const start = performance.now();
    let fileCount = 0;
    for await (const batch of fileSystem.walk()) fileCount += batch.length;
    return { fileCount, seconds: (performance.now() - start) / 1000 };
  });
}
