import { viewOf } from './big-endian.ts';
import { type BtreeBlock, type BtreeKind, readBtreeBlock } from './btree-block.ts';
import type { GroupTreeRoot } from './group-headers.ts';
import type { XfsVolume } from './volume.ts';

/** A B+tree of a group. */
export interface GroupTree {
  readonly kind: BtreeKind;
  /** Number of the group. */
  readonly group: number;
  readonly root: GroupTreeRoot;
  /** In words, for errors: "tree of inodes". */
  readonly name: string;
  /** Bytes of a key in its upper blocks. */
  readonly keyBytes: number;
  /** Bytes of a record in its leaves. */
  readonly recordBytes: number;
  /** Hears of a block that cannot be read, whose branch is then left out; without it the error is thrown. */
  readonly onDamage?: ((error: unknown) => void) | undefined;
}

const pointerBytes = 4;

interface Branch {
  readonly block: number;
  readonly level: number;
}

/**
 * The blocks of a group's tree, leaves in order of their records. Whoever reads the records checks that they ascend, over all leaves:
 * then a tree that leads to one block twice is noticed at once, and cannot make a walk endless.
 * @param volume - the volume
 * @param tree - see GroupTree
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* groupTreeBlocks(
  volume: XfsVolume,
  tree: GroupTree,
): AsyncGenerator<BtreeBlock> {
  const pending: Branch[] = [{ block: tree.root.block, level: tree.root.levelCount - 1 }];
  for (let branch = pending.pop(); branch !== undefined; branch = pending.pop()) {
    try {
      const block = await readBranch(volume, tree, branch);
      yield block;
      if (branch.level > 0) pending.push(...branchesBelow(volume, tree, block).reverse());
    } catch (error) {
      if (tree.onDamage === undefined) throw error;
      tree.onDamage(error);
    }
  }
}

async function readBranch(
  volume: XfsVolume,
  tree: GroupTree,
  { block, level }: Branch,
): Promise<BtreeBlock> {
  const structure = `group ${tree.group}, ${tree.name}`;
  const isRoot = level === tree.root.levelCount - 1;
  if (block >= volume.groupBlocks(tree.group))
    throw volume.damage({ structure, offsetBytes: 0 }, `it would go on in block ${block}`);
  const read = await readBtreeBlock(volume, {
    kind: tree.kind,
    structure,
    offsetBytes: volume.groupBlockOffset(tree.group, block),
    level,
    owner: tree.group,
  });
  const itemBytes = level === 0 ? tree.recordBytes : tree.keyBytes + pointerBytes;
  const countMax = Math.floor((read.bytes.length - read.headerBytes) / itemBytes);
  if (read.count > countMax || (read.count === 0 && !(isRoot && level === 0)))
    throw volume.damage(read, `it has ${read.count} records`);
  return read;
}

function branchesBelow(volume: XfsVolume, tree: GroupTree, block: BtreeBlock): Branch[] {
  const countMax = Math.floor(
    (volume.superblock.blockBytes - block.headerBytes) / (tree.keyBytes + pointerBytes),
  );
  const view = viewOf(block.bytes);
  const start = block.headerBytes + countMax * tree.keyBytes;
  return Array.from({ length: block.count }, (_, index) => ({
    block: view.getUint32(start + index * pointerBytes),
    level: block.level - 1,
  }));
}
