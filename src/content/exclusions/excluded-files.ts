import { BlockBitmap } from '../../disk/block-bitmap.ts';
import type { FileId, FileSystem, Finding } from '../../filesystem/file-system.ts';
import { exclusionDepthMax, exclusionFoldersMax } from './limits.ts';
import type { MatchState, PathMatcher } from './path-matcher.ts';
import { shadowStoreMark } from './presets.ts';

/** Files of one file system that rules exclude. */
export interface ExcludedFiles {
  /** Whether all names of a file are excluded ones. */
  readonly has: (id: FileId) => boolean;
  /** How many there are. */
  readonly count: number;
  /** Whether shadow copies are kept on the volume that no rule excludes: they may show what looks free, or was another file's. */
  readonly hasShadowCopies: boolean;
}

/** What the search needs. */
export interface FileSearch {
  readonly fileSystem: FileSystem;
  readonly matcher: PathMatcher;
  /** State of the root of the file system. */
  readonly rootState: MatchState;
  /** Hears what cannot be read, so that names may be missing. */
  readonly onFinding: (finding: Finding) => void;
  readonly signal: AbortSignal;
}

/**
 * Finds the files that rules exclude by all of their names: a file that has one name more, outside, is kept.
 * @param search - see FileSearch; identities are numbers
 * @throws what the volume throws; the signal's reason
 */
export async function findExcludedFiles(search: FileSearch): Promise<ExcludedFiles> {
  const folders = await readFolders(search);
  const excluded = new BlockBitmap();
  const kept = new BlockBitmap();
  const ids = new Set<number>();
  let hasShadowCopies = false;
  for await (const batch of search.fileSystem.walk(search.onFinding)) {
    search.signal.throwIfAborted();
    for (const { parent, name, status } of batch) {
      if (status.kind !== 'file') continue;
      const number = numberOf(status.id);
      const isExcluded = search.matcher.next(folders.stateOf(parent), name) === 'all';
      if (isExcluded && !excluded.has(number)) ids.add(number);
      (isExcluded ? excluded : kept).add(number, number + 1);
      if (!isExcluded && name.toLowerCase().includes(shadowStoreMark)) hasShadowCopies = true;
    }
  }
  for (const number of ids) if (kept.has(number)) ids.delete(number);
  return { has: (id) => ids.has(numberOf(id)), count: ids.size, hasShadowCopies };
}

async function readFolders(search: FileSearch): Promise<Folders> {
  const { fileSystem, matcher, rootState, signal } = search;
  const folders = new Folders(matcher, fileSystem.root, rootState);
  for await (const batch of fileSystem.walk(search.onFinding)) {
    signal.throwIfAborted();
    for (const { parent, name, status } of batch) {
      if (status.kind !== 'directory' || status.id === fileSystem.root) continue;
      if (folders.add(status.id, parent, name)) continue;
      const reason = 'it has too many folders, or one with two names';
      search.onFinding({ severity: 'damage', structure: `folder ${status.id}`, reason });
      return folders;
    }
  }
  return folders;
}

/** The folders of a file system, and how far patterns have come in each. */
class Folders {
  readonly #matcher: PathMatcher;
  readonly #places = new Map<FileId, { readonly parent: FileId; readonly name: string }>();
  readonly #states = new Map<FileId, MatchState>();

  constructor(matcher: PathMatcher, root: FileId, rootState: MatchState) {
    this.#matcher = matcher;
    this.#states.set(root, rootState);
  }

  /** @returns whether there was room for it, and it is no folder known already */
  add(id: FileId, parent: FileId, name: string): boolean {
    if (this.#places.size >= exclusionFoldersMax || this.#places.has(id)) return false;
    this.#places.set(id, { parent, name });
    return true;
  }

  /** What leads to no root is no path, and matches nothing. */
  stateOf(folder: FileId): MatchState {
    const known = this.#states.get(folder);
    if (known !== undefined) return known;
    const above: FileId[] = [];
    for (let at = folder; !this.#states.has(at); at = this.#places.get(at)!.parent) {
      if (!this.#places.has(at) || above.length >= exclusionDepthMax) return [];
      above.push(at);
    }
    for (const id of above.reverse()) {
      const { parent, name } = this.#places.get(id)!;
      this.#states.set(id, this.#matcher.next(this.#states.get(parent)!, name));
    }
    return this.#states.get(folder)!;
  }
}

function numberOf(id: FileId): number {
  return Number(id);
}
