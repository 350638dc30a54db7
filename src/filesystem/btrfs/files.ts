import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { FileStatus } from '../file-system.ts';
import { emptyDirectoryInode, type FilePlace, idOf } from './file-id.ts';
import type { Forest } from './forest.ts';
import { type BtrfsInode, decodeInode } from './inode-item.ts';
import { itemTypes, objects } from './key.ts';
import type { BtrfsTree } from './tree.ts';

/** An inode with the tree that it lies in. */
export interface BtrfsFile {
  readonly place: FilePlace;
  readonly tree: BtrfsTree;
  readonly inode: BtrfsInode;
}

/**
 * Finds a file.
 * @param forest - all trees
 * @param place - subvolume and inode
 * @returns undefined when there is none
 * @throws FILE_SYSTEM_DAMAGED
 */
export function findFile(forest: Forest, place: FilePlace): Awaitable<BtrfsFile | undefined> {
  const { subvolume } = place;
  if (subvolume !== objects.topLevel && subvolume < objects.firstSubvolume) return undefined;
  return andThen(forest.tree(subvolume), (tree) =>
    tree === undefined ? undefined : fileIn(tree, place),
  );
}

function fileIn(tree: BtrfsTree, place: FilePlace): Awaitable<BtrfsFile | undefined> {
  const isEmpty = place.inode === emptyDirectoryInode;
  const object = isEmpty ? objects.firstInode : place.inode;
  return andThen(tree.find({ object, type: itemTypes.inode, offset: 0 }), (bytes) => {
    if (bytes === undefined) return undefined;
    const inode = decodeInode(bytes, tree.volume.superblock.sectorBytes);
    if (typeof inode === 'string') throw inodeDamage(tree, place.inode, inode);
    return { place, tree, inode: isEmpty ? emptyDirectory(inode) : inode };
  });
}

function inodeDamage(tree: BtrfsTree, inode: number, reason: string): Error {
  const structure = `${tree.structure}, inode ${inode}`;
  return tree.volume.damage({ structure, offsetBytes: 0 }, reason);
}

/** What stands for a subvolume in a snapshot of the subvolume around it: the kernel makes it up, so times and owners are borrowed. */
function emptyDirectory({ status }: BtrfsInode): BtrfsInode {
  return {
    isSummedUp: true,
    status: { ...status, sizeBytes: 0, allocatedBytes: 0, mode: 0o755, flags: [] },
  };
}

/**
 * Describes a file.
 * @param file - the file
 */
export function statusOf({ place, inode }: BtrfsFile): FileStatus {
  return { id: idOf(place), ...inode.status };
}
