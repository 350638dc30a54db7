import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** What a folder must hold: a hash for each file, by its path inside the folder. */
export type GoldenRecord = ReadonlyMap<string, string>;

/** ext4 makes this folder itself. */
const notOurs = 'lost+found';

/**
 * Names content.
 * @param bytes - the content
 */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Compares a folder with a record: every file, every byte, and nothing besides.
 * @param folder - a mounted file system
 * @param record - what it must hold
 * @returns files that are equal
 */
export async function compareWithRecord(folder: string, record: GoldenRecord): Promise<number> {
  const found = await filesIn(folder);
  const wrong: string[] = [];
  for (const path of found) {
    if (!record.has(path)) wrong.push(`${path} should not be there`);
  }
  for (const [path, hash] of record) {
    if (!found.has(path)) wrong.push(`${path} is missing`);
    else if (hashOf(await readFile(join(folder, path))) !== hash) wrong.push(`${path} differs`);
  }
  if (wrong.length === 0) return record.size;
  throw new Error(`${wrong.length} files are not as they were: ${wrong.slice(0, 5).join(', ')}`);
}

async function filesIn(folder: string): Promise<Set<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return new Set(paths.filter((path) => !path.startsWith(notOurs)));
}
