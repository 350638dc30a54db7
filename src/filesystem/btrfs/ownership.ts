import { findingOf } from '../damage.ts';
import type { ByteRange, RangeOwner } from '../file-system.ts';
import { u32le } from '../integers.ts';
import { decodeFileExtent } from './file-extent.ts';
import { idOf } from './file-id.ts';
import type { BtrfsFile } from './files.ts';
import type { Forest } from './forest.ts';
import { itemTypes, objects } from './key.ts';
import { itemBytes, nodeKey, type TreeNode } from './node.ts';
import { superblockBytes, superblockOffsets } from './superblock.ts';
import { extentOf } from './used-space.ts';
import type { BtrfsVolume } from './volume.ts';
import { leavesOf } from './walk.ts';

/** Where in an item of the extent tree its flags lie, and which of them says that it is a node. */
const extentFlags = { offset: 16, isNode: 2 };

/**
 * Where a file lies: the leaves with its items, its content, and the superblock. Nothing is changed in place here: a file that changes goes to
 * other leaves, and only the superblock shows that there are any.
 * @param file - the file
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function rangesOf(file: BtrfsFile): Promise<readonly ByteRange[]> {
  const { tree, place } = file;
  const { volume } = tree;
  const ranges: ByteRange[] = superblockRanges(volume).slice(0, 1);
  const from = { object: place.inode, type: 0, offset: 0 };
  for await (const { leaf, first, end } of tree.items(from, { ...from, object: place.inode + 1 })) {
    ranges.push(...nodeRanges(volume, leaf));
    for (let index = first; index < end; index += 1)
      if (nodeKey(leaf, index).type === itemTypes.fileExtent)
        ranges.push(...contentRanges(volume, itemBytes(leaf, index)));
  }
  return ranges;
}

function superblockRanges({ disk }: BtrfsVolume): ByteRange[] {
  return superblockOffsets
    .filter((offsetBytes) => offsetBytes + superblockBytes <= disk.sizeBytes)
    .map((offsetBytes) => ({ offsetBytes, lengthBytes: superblockBytes }));
}

function nodeRanges(volume: BtrfsVolume, { logicalBytes }: TreeNode): readonly ByteRange[] {
  const { nodeBytes: lengthBytes } = volume.superblock;
  return volume
    .copiesOf(logicalBytes, lengthBytes, 'node')
    .map((offsetBytes) => ({ offsetBytes, lengthBytes }));
}

/** All of an extent, also what the file no longer uses of it: it is kept as a whole. */
function contentRanges(volume: BtrfsVolume, bytes: Uint8Array): readonly ByteRange[] {
  const extent = decodeFileExtent(bytes);
  if (typeof extent === 'string' || extent.form === 'inline' || extent.logicalBytes === 0)
    return [];
  const { logicalBytes, storedBytes: lengthBytes } = extent;
  const copies = volume.copiesOf(logicalBytes, lengthBytes, 'content');
  return copies.map((offsetBytes) => ({ offsetBytes, lengthBytes }));
}

/**
 * Who owns what of the device. An extent that several snapshots share is owned by a file of each.
 * @param forest - all trees
 */
export async function* allOwners(forest: Forest): AsyncGenerator<readonly RangeOwner[]> {
  yield superblockRanges(forest.volume).map((range) => ({ ...range, use: 'superblock' }));
  yield* nodeOwners(forest);
  try {
    for await (const subvolume of forest.subvolumes()) yield* contentOwners(forest, subvolume);
  } catch (error) {
    findingOf(error, 'root tree');
  }
}

async function* nodeOwners(forest: Forest): AsyncGenerator<readonly RangeOwner[]> {
  for await (const leaf of leavesOfTree(forest, objects.extentTree)) {
    const { nodeBytes } = forest.volume.superblock;
    const owners: RangeOwner[] = [];
    for (let index = 0; index < leaf.count; index += 1) {
      const extent = extentOf(nodeKey(leaf, index), nodeBytes);
      if (extent === undefined || !isNode(itemBytes(leaf, index))) continue;
      for (const range of physical(forest.volume, extent))
        owners.push({ ...range, use: 'tree node' });
    }
    yield owners;
  }
}

function isNode(item: Uint8Array): boolean {
  const { offset, isNode: flag } = extentFlags;
  return item.length >= offset + 4 && (u32le(item, offset) & flag) !== 0;
}

async function* contentOwners(
  forest: Forest,
  subvolume: number,
): AsyncGenerator<readonly RangeOwner[]> {
  for await (const leaf of leavesOfTree(forest, subvolume)) {
    const owners: RangeOwner[] = [];
    for (let index = 0; index < leaf.count; index += 1) {
      const { object: inode, type } = nodeKey(leaf, index);
      if (type !== itemTypes.fileExtent) continue;
      const id = idOf({ subvolume, inode });
      for (const range of safely(() => contentRanges(forest.volume, itemBytes(leaf, index))))
        owners.push({ ...range, id, use: 'content' });
    }
    yield owners;
  }
}

async function* leavesOfTree(forest: Forest, number: number): AsyncGenerator<TreeNode> {
  const tree = await forest.tree(number);
  if (tree !== undefined) yield* leavesOf(tree, ignore);
}

function physical(
  { chunks }: BtrfsVolume,
  { offsetBytes: logicalBytes, lengthBytes }: ByteRange,
): readonly ByteRange[] {
  const chunk = chunks.at(logicalBytes);
  if (chunk === undefined || chunk.closedBecause !== undefined) return [];
  return chunk.copies.map((copy) => ({
    offsetBytes: copy + logicalBytes - chunk.logicalBytes,
    lengthBytes,
  }));
}

/** What cannot be read owns nothing that is known. */
function safely(ranges: () => readonly ByteRange[]): readonly ByteRange[] {
  try {
    return ranges();
  } catch {
    return [];
  }
}

function ignore(): void {}
