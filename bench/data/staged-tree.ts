import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { RealFile } from './real-files.ts';
import { SeededRandom } from './seeded-random.ts';

/**
 * Lays files out in a folder, as hard links where that can be.
 * @param folder - made anew
 * @param files - what to lay out
 * @param orderSeed - 0 keeps the folders where they are; any other number mixes them at random, so that a file system
 *   filled from here holds the same folders at other places, as another machine with the same packages does
 */
export async function stageTree(
  folder: string,
  files: readonly RealFile[],
  orderSeed: number,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const places = placesOf(files, orderSeed);
  for (const file of files) {
    const target = join(folder, places.get(dirname(file.path))!, portable(basename(file.path)));
    await mkdir(dirname(target), { recursive: true });
    await linkOrCopy(file.path, target);
  }
}

/** Where the files of each folder go. */
function placesOf(files: readonly RealFile[], orderSeed: number): Map<string, string> {
  const folders = [...new Set(files.map(({ path }) => dirname(path)))].sort();
  if (orderSeed === 0) return new Map(folders.map((each) => [each, relative('/', each)]));
  const foldersPerPlace = 20;
  const mixed = new SeededRandom(orderSeed).shuffle(folders);
  return new Map(
    mixed.map((each, index) => {
      const place = String(Math.floor(index / foldersPerPlace)).padStart(5, '0');
      return [each, join(place, `${index % foldersPerPlace}-${portable(basename(each))}`)];
    }),
  );
}

/** NTFS takes fewer characters than ext4. */
function portable(name: string): string {
  return name
    .replace(/[^\w.-]/g, '_')
    .slice(0, 200)
    .replace(/\.+$/, '_');
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK') throw error;
    await copyFile(from, to);
  }
}
