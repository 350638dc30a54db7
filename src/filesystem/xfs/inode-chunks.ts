import { viewOf } from './big-endian.ts';
import type { BtreeBlock } from './btree-block.ts';
import type { GroupTreeRoot } from './group-headers.ts';
import { type GroupTree, groupTreeBlocks } from './group-tree.ts';
import type { XfsVolume } from './volume.ts';

/** Inodes of one record of the tree of inodes. */
const chunkInodes = 64;
const recordBytes = 16;
/** Inodes for which one bit of the mask of holes stands. */
const holeInodes = 4;

/** Sixty-four inodes that were made together, or the part of them that is there. */
export interface InodeChunk {
  /** Number of the group. */
  readonly group: number;
  /** Number of the first inode inside the group. */
  readonly firstInGroup: number;
  /** Inodes that are there and in use, as numbers of the whole file system, ascending. */
  readonly used: readonly number[];
  /** Inodes that are there, 0 … 64. */
  readonly presentCount: number;
  /** Spans of inodes that are there: first, counted from `firstInGroup`, and count. */
  readonly present: readonly { readonly first: number; readonly count: number }[];
}

/**
 * The tree of inodes of a group, as its blocks are walked.
 * @param group - the group
 * @param root - from its header
 * @param onDamage - see GroupTree
 */
export function inodeTree(
  group: number,
  root: GroupTreeRoot,
  onDamage?: (error: unknown) => void,
): GroupTree {
  const name = 'tree of inodes';
  return { kind: 'inodes', group, root, name, keyBytes: 4, recordBytes, onDamage };
}

/**
 * The chunks of inodes of a group, in the order in which they lie, leaf by leaf.
 * @param volume - the volume
 * @param tree - from `inodeTree`
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* inodeChunks(
  volume: XfsVolume,
  tree: GroupTree,
): AsyncGenerator<readonly InodeChunk[]> {
  let end = 0;
  for await (const block of groupTreeBlocks(volume, tree)) {
    if (block.level > 0) continue;
    const chunks = chunksOf(volume, block, tree.group);
    for (const { firstInGroup } of chunks) {
      if (firstInGroup < end) {
        const error = volume.damage(block, 'its records are out of order');
        if (tree.onDamage === undefined) throw error;
        tree.onDamage(error);
        return;
      }
      end = firstInGroup + chunkInodes;
    }
    yield chunks;
  }
}

/**
 * Decodes the records of a leaf.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | first inode, in the group |
 * | 4 | 2 | with sparse inodes: bits of four inodes each that are not there |
 * | 6 | 1 × 2 | with sparse inodes: inodes that are there, free ones |
 * | 8 | 8 | bits of the inodes that are free |
 * @source Linux fs/xfs/libxfs/xfs_format.h, struct xfs_inobt_rec
 */
function chunksOf(volume: XfsVolume, block: BtreeBlock, group: number): readonly InodeChunk[] {
  const view = viewOf(block.bytes);
  return Array.from({ length: block.count }, (_, index) => {
    const offset = block.headerBytes + index * recordBytes;
    const holes = volume.superblock.hasSparseInodes ? view.getUint16(offset + 4) : 0;
    const free = { high: view.getUint32(offset + 8), low: view.getUint32(offset + 12) };
    return chunkOf(volume, { group, firstInGroup: view.getUint32(offset), holes, free });
  });
}

interface ChunkRecord {
  readonly group: number;
  readonly firstInGroup: number;
  readonly holes: number;
  readonly free: { readonly high: number; readonly low: number };
}

function chunkOf(volume: XfsVolume, record: ChunkRecord): InodeChunk {
  const { group, firstInGroup, holes, free } = record;
  const used: number[] = [];
  const present: { first: number; count: number }[] = [];
  let presentCount = 0;
  for (let index = 0; index < chunkInodes; index += 1) {
    if ((holes >>> Math.floor(index / holeInodes)) & 1) continue;
    presentCount += 1;
    const last = present.at(-1);
    if (last !== undefined && last.first + last.count === index) last.count += 1;
    else present.push({ first: index, count: 1 });
    const isFree = index < 32 ? (free.low >>> index) & 1 : (free.high >>> (index - 32)) & 1;
    if (!isFree) used.push(volume.inodeNumber(group, firstInGroup + index));
  }
  return { group, firstInGroup, used, presentCount, present };
}
