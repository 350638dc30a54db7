import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One text file of the project. */
export interface SourceFile {
  /** Path from the project's root. */
  readonly path: string;
  /** Whole content. */
  readonly text: string;
}

/** Root folder of the project. */
export const projectRoot: string = join(import.meta.dirname, '..');

const binarySuffixes = /\.(png|jpg|gif|ico|gz|xz|zst|bin|img|seg)$/;

/**
 * Reads every text file that is in the project or about to be: tracked by git, or new and not ignored.
 * @returns the files in the order of their paths
 */
export function readSourceFiles(): SourceFile[] {
  // Listing files is harmless, so it need not matter to git whose clone this is.
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  return execFileSync('git', ['-c', 'safe.directory=*', ...listing], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((path) => path !== '' && !binarySuffixes.test(path))
    .filter((path) => existsSync(join(projectRoot, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), 'utf8') }));
}
