import type { FileId, FileStatus, FileSystem, WalkedFile } from '../../filesystem/file-system.ts';
import { directoryDepthMax } from '../../filesystem/limits.ts';
import {
  type ComparedSide,
  type ComparisonWatch,
  type DifferingFiles,
  differingFiles,
} from './differing-files.ts';
import { matchFiles, type NameChange } from './match-files.ts';

/** A change of one path within a file system. */
export interface PathChange {
  readonly change: NameChange['change'];
  /** Components of the path at the later moment; of a deleted file at the earlier one. */
  readonly path: readonly string[];
  /** Of a renamed file: the path at the earlier moment. */
  readonly previousPath?: readonly string[];
  /** Of a renamed file: whether it was changed as well. */
  readonly isChanged?: boolean;
  /** Of the later moment; of a deleted file of the earlier one. */
  readonly status: FileStatus;
}

/**
 * Compares a file system at two moments, by the status of its files and not by their content. What lies in a directory that was renamed is not told
 * of, since it kept its name there.
 * @param earlier - the file system at the earlier moment
 * @param later - the same at the later one
 * @param watch - see ComparisonWatch
 * @returns changes in no order; left out is what hangs in a directory that cannot be found
 * @throws LIMIT_EXCEEDED, the signal's reason, FILE_SYSTEM_DAMAGED where the reader cannot pass over it
 */
export async function* compareFileSystems(
  earlier: ComparedSide,
  later: ComparedSide,
  watch: ComparisonWatch,
): AsyncGenerator<PathChange> {
  const differences = await differingFiles(earlier, later, watch);
  const before = pathFinder(earlier.fileSystem, differences.earlier);
  const after = pathFinder(later.fileSystem, differences.later);
  for (const found of matchFiles(differences.earlier.names, differences.later.names)) {
    const change = pathChange(found, before, after);
    if (change !== undefined) yield change;
  }
}

type PathFinder = (file: WalkedFile) => readonly string[] | undefined;

function pathChange(
  found: NameChange,
  before: PathFinder,
  after: PathFinder,
): PathChange | undefined {
  const file = found.change === 'deleted' ? found.earlier : found.later;
  const path = found.change === 'deleted' ? before(file) : after(file);
  if (path === undefined) return undefined;
  const { change } = found;
  const { status } = file;
  if (change !== 'renamed') return { change, path, status };
  const previousPath = before(found.earlier);
  if (previousPath === undefined) return undefined;
  return { change, path, previousPath, isChanged: found.isChanged, status };
}

/** Directories of a damaged or hostile file system may hang nowhere, or in one another. */
function pathFinder({ root }: FileSystem, { directories }: DifferingFiles): PathFinder {
  return ({ parent, name }) => {
    const path = [name];
    let at: FileId = parent;
    while (at !== root) {
      const directory = directories.get(at);
      if (directory === undefined || path.length > directoryDepthMax) return undefined;
      path.push(directory.name);
      at = directory.parent;
    }
    return path.reverse();
  };
}
