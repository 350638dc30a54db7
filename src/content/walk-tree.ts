import { isSecondwindError, type SecondwindError } from '../base/errors.ts';
import { walkedDirectoriesMax } from '../base/limits.ts';
import { directoryDepthMax } from '../filesystem/limits.ts';
import { cannotLookInside } from '../filesystem/refusals.ts';
import type { FileTree, TreeEntry, TreePlace } from './file-tree.ts';
import { pathText } from './path-text.ts';

/** A file met on a walk. */
export interface WalkedPlace {
  readonly place: TreePlace;
  /** Its path below where the walk began, at least one component. */
  readonly components: readonly string[];
}

/** What a walk is told. */
export interface WalkOptions {
  /** Hears of what cannot be read, which is then left out. */
  readonly onTrouble: (components: readonly string[], trouble: SecondwindError) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

interface OpenDirectory {
  readonly place: TreePlace;
  readonly components: readonly string[];
  readonly batches: AsyncIterator<readonly TreeEntry[]>;
  /** Read from it and not met yet; the next one last. */
  pending: WalkedPlace[];
}

/** Files handed out at once. */
const walkedAtOnce = 256;

/**
 * Meets everything below a directory, each directory right before what it holds: the order in which archives are written. Links are not
 * followed. Every directory is entered once, so that neither a directory that holds itself nor one that hangs in many places makes
 * the walk endless.
 * @param tree - where
 * @param start - a directory; it is not met itself
 * @param options - see WalkOptions
 */
export async function* walkTree(
  tree: FileTree,
  start: TreePlace,
  options: WalkOptions,
): AsyncGenerator<readonly WalkedPlace[]> {
  const entered = new Set<string>([identity(start)]);
  const trail: OpenDirectory[] = [openDirectory(tree, start, [], options)];
  let met: WalkedPlace[] = [];
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    options.signal?.throwIfAborted();
    const next = top.pending.pop();
    if (next === undefined) {
      const batch = await nextBatch(top, options);
      if (batch === undefined) trail.pop();
      else top.pending = walkedOf(tree, top, batch).reverse();
      continue;
    }
    met.push(next);
    if (met.length >= walkedAtOnce) {
      yield met;
      met = [];
    }
    if (next.place.status.kind !== 'directory') continue;
    const refusal = refusalOf(next.place, trail.length, entered);
    if (refusal === undefined) {
      entered.add(identity(next.place));
      trail.push(openDirectory(tree, next.place, next.components, options));
    } else {
      options.onTrouble(next.components, refusal);
    }
  }
  if (met.length > 0) yield met;
}

function openDirectory(
  tree: FileTree,
  place: TreePlace,
  components: readonly string[],
  options: WalkOptions,
): OpenDirectory {
  const listed = tree.list(place, (name, damage) =>
    options.onTrouble([...components, name], damage),
  );
  return { place, components, batches: listed, pending: [] };
}

async function nextBatch(
  { batches, components }: OpenDirectory,
  options: WalkOptions,
): Promise<readonly TreeEntry[] | undefined> {
  try {
    const next = await batches.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
    options.onTrouble(components, error);
    return undefined;
  }
}

function walkedOf(
  tree: FileTree,
  { place, components }: OpenDirectory,
  batch: readonly TreeEntry[],
): WalkedPlace[] {
  return batch.map((entry) => ({
    place: tree.placeOf(place, entry),
    components: [...components, entry.name],
  }));
}

function refusalOf(
  place: TreePlace,
  depth: number,
  entered: ReadonlySet<string>,
): SecondwindError | undefined {
  const what = pathText(place.path);
  if (entered.has(identity(place)))
    return cannotLookInside(what, 'it was met already under another name');
  if (depth >= directoryDepthMax) return cannotLookInside(what, 'it lies too deep');
  if (entered.size < walkedDirectoriesMax) return undefined;
  return cannotLookInside(what, `there are more than ${walkedDirectoriesMax} directories`);
}

/** A directory without a file system is told apart by its path. */
function identity({ mount, status, path }: TreePlace): string {
  return mount === undefined ? pathText(path) : `${mount.volume}\0${status.id}`;
}
