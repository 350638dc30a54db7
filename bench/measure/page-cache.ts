import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** Waits until nothing is left to be written, so that one contestant does not pay for the one before. */
export async function settleDisk(): Promise<void> {
  await runCommand({ program: 'sync', args: [] });
}

/**
 * Reads files whole, so that the next reader finds them in memory.
 * @param paths - the files
 */
export async function warmFiles(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const stream = createReadStream(path, { highWaterMark: 4 * 2 ** 20 });
    await new Promise<void>((resolve, reject) => {
      stream.on('data', () => undefined);
      stream.once('end', resolve);
      stream.once('error', reject);
    });
  }
}

/**
 * Drops files from memory (posix_fadvise DONTNEED, by dd), which needs no rights and disturbs nobody else.
 * @param path - a file, or a folder with all below it
 */
export async function coolFiles(path: string): Promise<void> {
  for (const file of await filesBelow(path)) {
    const args = [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'];
    await runCommand({ program: 'dd', args });
  }
}

/**
 * Bytes of a file, or of all files below a folder, as far as they take up space.
 * @param path - file or folder
 */
export async function storedBytes(path: string): Promise<number> {
  let total = 0;
  for (const file of await filesBelow(path)) {
    const { size, blocks } = await stat(file);
    total += Math.min(size, blocks * 512);
  }
  return total;
}

async function filesBelow(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}
