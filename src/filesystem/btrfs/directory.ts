import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { DirectoryEntry, FileKind } from '../file-system.ts';
import { decodeName } from '../name-text.ts';
import { emptyDirectoryInode, type FilePlace, idOf } from './file-id.ts';
import type { Forest } from './forest.ts';
import { itemTypes, objects } from './key.ts';
import { decodeNamedItems, type NamedItem, nameHash } from './named-item.ts';
import { itemBytes } from './node.ts';
import type { BtrfsTree, LeafItems } from './tree.ts';

const kindsByType: readonly (FileKind | undefined)[] = [
  undefined,
  'file',
  'directory',
  'character-device',
  'block-device',
  'pipe',
  'socket',
  'link',
];

/** A directory of a subvolume. */
export interface BtrfsDirectory {
  readonly forest: Forest;
  readonly tree: BtrfsTree;
  readonly place: FilePlace;
}

/**
 * Lists a directory leaf by leaf, in the order in which its names were made.
 * @param directory - the directory
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* listDirectory(
  directory: BtrfsDirectory,
): AsyncGenerator<readonly DirectoryEntry[]> {
  const { tree, place } = directory;
  if (place.inode === emptyDirectoryInode) return;
  const from = { object: place.inode, type: itemTypes.nameByIndex, offset: 0 };
  for await (const items of tree.items(from, { ...from, type: from.type + 1 })) {
    const entries: DirectoryEntry[] = [];
    for (const named of namesIn(tree, items)) entries.push(await entryOf(directory, named));
    yield entries;
  }
}

function* namesIn(tree: BtrfsTree, { leaf, first, end }: LeafItems): Generator<NamedItem> {
  for (let index = first; index < end; index += 1) {
    const names = decodeNamedItems(itemBytes(leaf, index));
    if (names === undefined) throw tree.damageAt(leaf, 'names do not fit into their item');
    yield* names;
  }
}

/**
 * Finds a name in a directory by its hash.
 * @param directory - the directory
 * @param name - bytes of the name
 * @returns undefined when there is none
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function findName(
  directory: BtrfsDirectory,
  name: Uint8Array,
): Promise<DirectoryEntry | undefined> {
  const { tree, place } = directory;
  if (place.inode === emptyDirectoryInode) return undefined;
  const key = { object: place.inode, type: itemTypes.nameByHash, offset: nameHash(name) };
  const bytes = await tree.find(key);
  if (bytes === undefined) return undefined;
  const names = decodeNamedItems(bytes);
  if (names === undefined)
    throw tree.damageAt((await tree.leafAt(key)).leaf, 'names do not fit into their item');
  const named = names.find((candidate) => Buffer.compare(candidate.name, name) === 0);
  return named === undefined ? undefined : entryOf(directory, named);
}

/**
 * What a name of a directory stands for.
 * @param directory - the directory
 * @param named - the name
 * @throws FILE_SYSTEM_DAMAGED
 */
export function entryOf(directory: BtrfsDirectory, named: NamedItem): Awaitable<DirectoryEntry> {
  const name = decodeName(named.name);
  const kind = kindsByType[named.type] ?? 'other';
  return andThen(targetOf(directory, named), (place) => ({ name, id: idOf(place), kind }));
}

/**
 * The file that a name leads to: in the same subvolume, or the top of another one.
 * @param directory - the directory that holds the name
 * @param named - the name
 * @throws FILE_SYSTEM_DAMAGED
 */
export function targetOf(directory: BtrfsDirectory, named: NamedItem): Awaitable<FilePlace> {
  const { forest, place } = directory;
  const { location, name } = named;
  if (location.type !== itemTypes.root)
    return { subvolume: place.subvolume, inode: location.object };
  const parent = { subvolume: place.subvolume, directory: place.inode, name };
  return andThen(forest.isAttached(location.object, parent), (isAttached) =>
    isAttached
      ? { subvolume: location.object, inode: objects.firstInode }
      : { subvolume: place.subvolume, inode: emptyDirectoryInode },
  );
}
