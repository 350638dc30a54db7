import { viewOf } from './big-endian.ts';
import type { NameBlock, XfsDirectory } from './directory.ts';
import { entryAt, type XfsEntry } from './directory-entries.ts';
import { foldedHash, isSameName, nameHash } from './directory-hash.ts';
import { firstNotLess, type HashBlock, readHashBlock } from './hash-block.ts';

/** Levels of an index: XFS_DA_NODE_MAXDEPTH. */
const levelsMax = 5;
/** Entries whose hash is the one that is looked for, before the index counts as damaged: names are chosen by users, hashes collide. */
const collisionsMax = 1_000_000;

interface Wanted {
  readonly name: Uint8Array;
  readonly hash: number;
}

/** Entries of an index, sorted by hash. */
interface HashTable {
  readonly view: DataView;
  readonly start: number;
  readonly count: number;
}

/**
 * Finds a name by the index of a directory.
 * @param directory - the directory
 * @param name - bytes of the name
 * @returns undefined when there is none
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function findEntry(
  directory: XfsDirectory,
  name: Uint8Array,
): Promise<XfsEntry | undefined> {
  const { isCaseFolding } = directory.volume.superblock;
  if (directory.isShort)
    return directory.shortEntries().find((entry) => isSameName(entry.name, name, isCaseFolding));
  const wanted = { name, hash: isCaseFolding ? foldedHash(name) : nameHash(name) };
  const first = await directory.nameBlock(0);
  if (!first.frame.isWhole) return findByTree(directory, wanted);
  const { end, indexCount } = first.frame;
  const table = { view: viewOf(first.bytes), start: end, count: indexCount };
  return (await findInTable(directory, table, wanted)).entry;
}

/** Goes down to the leaf of the hash, and on to its neighbours while they may hold the same hash. */
async function findByTree(directory: XfsDirectory, wanted: Wanted): Promise<XfsEntry | undefined> {
  let leaf = await leafOf(directory, wanted.hash);
  let seenCount = 0;
  while (leaf !== undefined) {
    const table = { view: viewOf(leaf.bytes), start: leaf.bodyStart, count: leaf.count };
    const { entry, isAtEnd } = await findInTable(directory, table, wanted);
    if (entry !== undefined || !isAtEnd || leaf.next === 0) return entry;
    seenCount += leaf.count + 1;
    if (seenCount > collisionsMax)
      throw directory.damage(leaf.offsetBytes, 'its index does not come to an end');
    leaf = await indexBlockAt(directory, leaf.next);
  }
  return undefined;
}

async function leafOf(directory: XfsDirectory, hash: number): Promise<HashBlock | undefined> {
  let block = await indexBlockAt(directory, directory.indexBlock);
  for (let depth = 0; block.kind === 'node'; depth += 1) {
    if (depth >= levelsMax) throw directory.damage(block.offsetBytes, 'its index is too deep');
    const view = viewOf(block.bytes);
    const index = firstNotLess(view, { start: block.bodyStart, count: block.count }, hash);
    if (index === block.count) return undefined;
    block = await indexBlockAt(directory, view.getUint32(block.bodyStart + index * 8 + 4));
  }
  return block;
}

async function indexBlockAt(directory: XfsDirectory, fileBlock: number): Promise<HashBlock> {
  const block = await readHashBlock(directory.volume, directory.map, {
    structure: `${directory.structure}, index`,
    owner: directory.inode.number,
    fileBlock,
    lengthBytes: directory.volume.superblock.directoryBlockBytes,
  });
  if (block.kind === 'attributeLeaf')
    throw directory.damage(block.offsetBytes, 'its index leads to attributes');
  return block;
}

interface TableAnswer {
  readonly entry?: XfsEntry | undefined;
  /** Whether the table ended while hashes were still the one that is looked for. */
  readonly isAtEnd: boolean;
}

async function findInTable(
  directory: XfsDirectory,
  table: HashTable,
  wanted: Wanted,
): Promise<TableAnswer> {
  let index = firstNotLess(table.view, table, wanted.hash);
  for (; index < table.count; index += 1) {
    const at = table.start + index * 8;
    if (table.view.getUint32(at) !== wanted.hash) return { isAtEnd: false };
    const entry = await namedEntry(directory, table.view.getUint32(at + 4), wanted.name);
    if (entry !== undefined) return { entry, isAtEnd: false };
  }
  return { isAtEnd: true };
}

/** Addresses count units of 8 bytes through all blocks of names; 0 marks an entry of the index that was given up. */
async function namedEntry(
  directory: XfsDirectory,
  address: number,
  name: Uint8Array,
): Promise<XfsEntry | undefined> {
  if (address === 0) return undefined;
  const { directoryBlockBytes, isCaseFolding } = directory.volume.superblock;
  const number = Math.floor((address * 8) / directoryBlockBytes);
  const block: NameBlock = await directory.nameBlock(number);
  const at = address * 8 - number * directoryBlockBytes;
  const entry =
    at >= block.frame.start && at < block.frame.end
      ? entryAt(block.bytes, directory.form, at)
      : undefined;
  if (entry === undefined)
    throw directory.damage(block.offsetBytes, 'its index leads to no entry of it');
  return isSameName(entry.name, name, isCaseFolding) ? entry : undefined;
}
