import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from './seeded-random.ts';

/** A regular file of this machine. */
export interface RealFile {
  /** Where it is. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** What every file takes at least: its share of the inode table and of its folder. */
const overheadBytes = 1024;
/** One file may be at most this part of all, so that no single one decides the result. */
const shareMax = 1 / 16;
const blockBytes = 4096;

/**
 * Lists the files of this machine, folders in random order, but always the same: first those of the first root, and so
 * on. Files of one folder stay together, as they do on any machine that has them.
 * @param roots - folders, the preferred first
 */
export function listFiles(roots: readonly string[]): RealFile[] {
  const seen = new Set<string>();
  return roots.flatMap((root) => new SeededRandom(1).shuffle(foldersBelow(root, seen)).flat());
}

/**
 * Chooses files from the start of a list.
 * @param wantedBytes - space they may take on a file system with blocks of 4 KiB
 * @param files - the list
 * @returns fewer when there are not enough
 */
export function chooseFiles(wantedBytes: number, files: readonly RealFile[]): RealFile[] {
  let takenBytes = 0;
  return files.filter(({ sizeBytes }) => {
    const spaceBytes = Math.ceil(sizeBytes / blockBytes) * blockBytes + overheadBytes;
    if (sizeBytes > wantedBytes * shareMax || takenBytes + spaceBytes > wantedBytes) return false;
    takenBytes += spaceBytes;
    return true;
  });
}

/** All readable regular files on the root's own file system by folder, each once however many names it has. */
function foldersBelow(root: string, seen: Set<string>): RealFile[][] {
  const top = lstatSync(root, { throwIfNoEntry: false });
  if (top?.isDirectory() !== true) return [];
  const found: RealFile[][] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const files: RealFile[] = [];
    for (const entry of entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isFile()) continue;
      const { dev, ino, size, mode } = lstatSync(path);
      const isReadable = (mode & 0o444) === 0o444;
      if (dev !== top.dev || !isReadable || size === 0 || seen.has(`${dev}:${ino}`)) continue;
      seen.add(`${dev}:${ino}`);
      files.push({ path, sizeBytes: size });
    }
    if (files.length > 0) found.push(files);
  }
  return found;
}

function entriesOf(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}
