import type { DirectoryEntry } from '../file-system.ts';
import { systemFilesMax } from './limits.ts';

/** Records of the file system itself that are needed by number. */
export const systemRecord = {
  logFile: 2,
  volume: 3,
  root: 5,
  bitmap: 6,
  secure: 9,
  upperCase: 10,
  extend: 11,
} as const;

/** The first record that is not the file system's own. */
export const firstUserRecord = 16;

const names: Readonly<Record<number, string>> = {
  0: '$MFT',
  1: '$MFTMirr',
  2: '$LogFile',
  3: '$Volume',
  4: '$AttrDef',
  6: '$Bitmap',
  7: '$Boot',
  8: '$BadClus',
  9: '$Secure',
  10: '$UpCase',
  11: '$Extend',
};

/**
 * The name of a file of the file system itself.
 * @param record - its number
 * @returns undefined for the root, which people use, and for all others
 */
export function systemName(record: number): string | undefined {
  return names[record];
}

/**
 * The directories of the file system itself: $Extend and what lies below. What they hold is neither listed nor walked.
 * @param list - lists a directory
 * @returns their records
 */
export async function systemDirectories(
  list: (record: number) => AsyncIterable<readonly DirectoryEntry[]>,
): Promise<ReadonlySet<number>> {
  const found = new Set<number>([systemRecord.extend]);
  for (const directory of found) {
    for await (const batch of list(directory)) {
      for (const { id, kind } of batch) {
        if (kind === 'directory' && found.size < systemFilesMax) found.add(Number(id));
      }
    }
  }
  return found;
}
