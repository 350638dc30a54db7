import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { RealFile } from './real-files.ts';
import { SeededRandom } from './seeded-random.ts';

/**
 * Lays files out in a folder, as hard links where that can be.
 * @param folder - made anew
 * @param files - what to lay out
 * @param orderSeed - 0 keeps the files' own folders; any other number deals them out to folders at random, so that a file
 *   system filled from here holds the same files at other places
 */
export async function stageTree(
  folder: string,
  files: readonly RealFile[],
  orderSeed: number,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const made = new Set<string>();
  const dealt = orderSeed === 0 ? files : new SeededRandom(orderSeed).shuffle([...files]);
  for (const [index, file] of dealt.entries()) {
    const path = orderSeed === 0 ? relative('/', file.path) : dealtPath(index, file.path);
    const target = join(folder, path);
    const parent = dirname(target);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    await linkOrCopy(file.path, target);
  }
}

function dealtPath(index: number, path: string): string {
  const filesPerFolder = 200;
  const folder = String(Math.floor(index / filesPerFolder)).padStart(5, '0');
  return join(folder, `${index % filesPerFolder}-${portable(basename(path))}`);
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
