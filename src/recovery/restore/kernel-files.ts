import { readdir, readFile } from 'node:fs/promises';
import { fromSystemError } from '../../base/errors.ts';

/**
 * Reads one of the kernel's text files.
 * @param path - in /proc or /sys
 * @returns its text, or undefined where this kernel has no such file
 * @throws IO_FAILED
 */
export async function kernelText(path: string): Promise<string | undefined> {
  return ifThere(path, () => readFile(path, 'utf8'));
}

/**
 * Lists one of the kernel's folders.
 * @param path - in /sys
 * @returns names in it; none where this kernel has no such folder
 * @throws IO_FAILED
 */
export async function kernelNames(path: string): Promise<readonly string[]> {
  return (await ifThere(path, () => readdir(path))) ?? [];
}

/** A device may vanish between two looks: reading a file of it then fails with one of these. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ENXIO', 'ENODEV']);

async function ifThere<T>(path: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw fromSystemError(error, 'Reading', path);
  }
}
