import { encodeName } from '../name-text.ts';
import type { ExtDirectory } from './directory.ts';
import type { RawEntry } from './directory-block.ts';
import { directoryHash } from './directory-hash.ts';
import { compatible } from './features.ts';
import { foldName } from './fold-name.ts';
import {
  decodeHashTreeNode,
  decodeHashTreeRoot,
  entryBlock,
  entryForHash,
  entryHash,
  type HashTreeNode,
  type HashTreeRoot,
} from './hash-tree-node.ts';
import { inodeFlags } from './inode.ts';

/** Kinds of hash that count bytes above 127 as positive, whatever the superblock says, lie this far above the others. */
const unsignedKinds = 3;

/** Whether an entry is the one that is looked for. */
type Matcher = (entry: RawEntry) => boolean;

/**
 * Finds a name in a directory: by its hash tree where there is one that is understood, else by reading it all.
 * @param directory - to be looked in
 * @param name - text, as name-text.ts decodes it
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function findEntry(
  directory: ExtDirectory,
  name: string,
): Promise<RawEntry | undefined> {
  const bytes = encodeName(name);
  if ((directory.inode.flags & inodeFlags.foldsCase) !== 0) {
    const folded = foldName(bytes);
    return findByReading(directory, (entry) => foldName(entry.name) === folded);
  }
  const isSought: Matcher = (entry) => Buffer.compare(entry.name, bytes) === 0;
  const search = await startSearch(directory, bytes);
  if (search === undefined) return findByReading(directory, isSought);
  const found = await findByHash(directory, search, isSought);
  return found === 'unclear' ? findByReading(directory, isSought) : found;
}

async function findByReading(
  directory: ExtDirectory,
  isSought: Matcher,
): Promise<RawEntry | undefined> {
  for await (const entries of directory.entries()) {
    const found = entries.find(isSought);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface HashSearch {
  readonly hash: number;
  readonly root: HashTreeRoot;
}

/** @returns undefined when there is no hash tree, or one whose hash is not known here */
async function startSearch(
  directory: ExtDirectory,
  name: Uint8Array,
): Promise<HashSearch | undefined> {
  const { superblock } = directory.volume;
  const hasIndexes = (superblock.compatible & compatible.hasDirectoryIndex) !== 0;
  if (!directory.isIndexed || !hasIndexes) return undefined;
  const root = decodeHashTreeRoot((await directory.block(0)).bytes);
  if (root === undefined) return undefined;
  const { hashKind } = root;
  const isUnsigned = hashKind >= unsignedKinds || superblock.isHashUnsigned;
  const kind = hashKind >= unsignedKinds ? hashKind - unsignedKinds : hashKind;
  const hash = directoryHash({ kind, isUnsigned, seed: superblock.hashSeed }, name);
  return hash === undefined ? undefined : { hash, root };
}

interface Step {
  readonly node: HashTreeNode;
  index: number;
}

/** Goes down to the leaf, and on to the next ones as long as these say that names of the same hash go on in them. */
async function findByHash(
  directory: ExtDirectory,
  { hash, root }: HashSearch,
  isSought: Matcher,
): Promise<RawEntry | undefined | 'unclear'> {
  const path: Step[] = [{ node: root, index: entryForHash(root, hash) }];
  for (let leaves = 0; leaves <= directory.blockCount; leaves += 1) {
    if (!(await descend(directory, path, root.depth, hash))) return 'unclear';
    const { node, index } = path.at(-1)!;
    const entries = await directory.blockEntries(entryBlock(node, index));
    const found = entries.find(isSought);
    if (found !== undefined) return found;
    if (!goOn(path, hash)) return undefined;
  }
  return 'unclear';
}

/** Completes a path down to the level above the leaves. */
async function descend(
  directory: ExtDirectory,
  path: Step[],
  depth: number,
  hash: number,
): Promise<boolean> {
  while (path.length <= depth) {
    const { node, index } = path.at(-1)!;
    const { bytes } = await directory.block(entryBlock(node, index));
    const child = decodeHashTreeNode(bytes);
    if (child === undefined) return false;
    path.push({ node: child, index: entryForHash(child, hash) });
  }
  return true;
}

/** Moves a path to the next leaf if that may hold the hash too. */
function goOn(path: Step[], hash: number): boolean {
  let step = path.pop();
  while (step !== undefined && step.index + 1 >= step.node.entryCount) step = path.pop();
  if (step === undefined) return false;
  step.index += 1;
  path.push(step);
  return (entryHash(step.node, step.index) & ~1) >>> 0 === hash;
}
