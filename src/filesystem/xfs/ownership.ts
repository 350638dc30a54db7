import { findingOf } from '../damage.ts';
import type { ByteRange, Finding, RangeOwner } from '../file-system.ts';
import { type ForkLeaf, ForkMap } from './fork-map.ts';
import { freeSpaceTree } from './free-space.ts';
import { readInodeHeader } from './group-headers.ts';
import { type GroupTree, groupTreeBlocks } from './group-tree.ts';
import type { InodeFork, XfsInode } from './inode.ts';
import { inodeTree } from './inode-chunks.ts';
import { readInode } from './inodes.ts';
import { kindOf, realtimeFlag } from './status.ts';
import { allInodeChunks } from './used-inodes.ts';
import type { XfsVolume } from './volume.ts';

/** Owners gathered before a batch is given out. */
const batchOwners = 4096;

/**
 * What of the volume belongs to an inode: itself, its content or names, its attributes, its trees of extents.
 * @param volume - the volume
 * @param inode - the inode
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* inodeOwners(volume: XfsVolume, inode: XfsInode): AsyncGenerator<RangeOwner> {
  const id = String(inode.number);
  const { inodeBytes } = volume.superblock;
  yield {
    id,
    offsetBytes: volume.inodeOffset(inode.number)!,
    lengthBytes: inodeBytes,
    use: 'inode',
  };
  const isElsewhere = (inode.flags & realtimeFlag) !== 0 && kindOf(inode) === 'file';
  if (!isElsewhere)
    for await (const range of forkRanges(volume, inode.data, 'content'))
      yield { ...range, id, use: range.isTree ? 'extent tree' : contentUse(inode) };
  if (inode.attributes === undefined) return;
  for await (const range of forkRanges(volume, inode.attributes, 'attributes'))
    yield { offsetBytes: range.offsetBytes, lengthBytes: range.lengthBytes, id, use: 'attributes' };
}

function contentUse(inode: XfsInode): string {
  return kindOf(inode) === 'directory' ? 'directory' : 'content';
}

interface ForkRange extends ByteRange {
  readonly isTree: boolean;
}

async function* forkRanges(
  volume: XfsVolume,
  fork: InodeFork,
  what: string,
): AsyncGenerator<ForkRange> {
  if (fork.format !== 'extents' && fork.format !== 'tree') return;
  const known = new Set<number>();
  for await (const leaf of new ForkMap(volume, fork, what).leaves()) {
    for (const offsetBytes of newTreeBlocks(leaf, known))
      yield { offsetBytes, lengthBytes: volume.superblock.blockBytes, isTree: true };
    yield* leafRanges(volume, fork, leaf);
  }
}

function* leafRanges(volume: XfsVolume, fork: InodeFork, leaf: ForkLeaf): Generator<ForkRange> {
  for (const { block, blockCount } of leaf.extents) {
    yield {
      offsetBytes: volume.blockOffset(block, `inode ${fork.inode}, extents`, blockCount),
      lengthBytes: blockCount * volume.superblock.blockBytes,
      isTree: false,
    };
  }
}

/** Blocks of the path to a leaf that were not on the path to the leaf before it. */
function newTreeBlocks(leaf: ForkLeaf, known: Set<number>): readonly number[] {
  const fresh = leaf.treeOffsets.filter((offset) => !known.has(offset));
  known.clear();
  for (const offset of leaf.treeOffsets) known.add(offset);
  return fresh;
}

/**
 * Who owns what of the volume. What cannot be read owns nothing that is known.
 * @param volume - the volume
 * @param onFinding - hears what cannot be read
 */
export async function* allOwners(
  volume: XfsVolume,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly RangeOwner[]> {
  const skip = (error: unknown): void => {
    onFinding(findingOf(error, 'inodes'));
  };
  yield logOwner(volume);
  for (let group = 0; group < volume.superblock.groupCount; group += 1)
    yield await gathered(groupOwners(volume, group), skip);
  let batch: RangeOwner[] = [];
  for await (const chunks of allInodeChunks(volume, skip)) {
    for (const number of chunks.flatMap(({ used }) => used)) {
      batch.push(...(await gathered(ownersOfInode(volume, number), skip)));
      if (batch.length < batchOwners) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function* ownersOfInode(volume: XfsVolume, number: number): AsyncGenerator<RangeOwner> {
  yield* inodeOwners(volume, await readInode(volume, number));
}

async function gathered(
  owners: AsyncGenerator<RangeOwner>,
  onDamage: (error: unknown) => void,
): Promise<readonly RangeOwner[]> {
  const found: RangeOwner[] = [];
  try {
    for await (const owner of owners) found.push(owner);
  } catch (error) {
    onDamage(error);
  }
  return found;
}

function logOwner(volume: XfsVolume): readonly RangeOwner[] {
  const { logBlock, logBlockCount, blockBytes } = volume.superblock;
  if (logBlock === 0) return [];
  const offsetBytes = volume.blockOffset(logBlock, 'log', logBlockCount);
  return [{ offsetBytes, lengthBytes: logBlockCount * blockBytes, use: 'log' }];
}

async function* groupOwners(volume: XfsVolume, group: number): AsyncGenerator<RangeOwner> {
  const { sectorBytes } = volume.superblock;
  const offsetBytes = volume.groupBlockOffset(group, 0);
  yield { offsetBytes, lengthBytes: 4 * sectorBytes, use: 'group headers' };
  const space = await freeSpaceTree(volume, group);
  yield* treeOwners(volume, space);
  const { inodes } = await readInodeHeader(volume, group);
  yield* treeOwners(volume, inodeTree(group, inodes));
}

/** Nothing looks at the records here, so blocks are counted: a tree with more of them than its group leads in a circle. */
async function* treeOwners(volume: XfsVolume, tree: GroupTree): AsyncGenerator<RangeOwner> {
  let metCount = 0;
  for await (const { offsetBytes } of groupTreeBlocks(volume, tree)) {
    metCount += 1;
    if (metCount > volume.groupBlocks(tree.group)) return;
    yield { offsetBytes, lengthBytes: volume.superblock.blockBytes, use: tree.name };
  }
}
