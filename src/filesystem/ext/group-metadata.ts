import type { ExtVolume } from './ext-volume.ts';
import { descriptorsPerBlock, groupStart, hasSuperblock } from './group-layout.ts';
import type { ExtSuperblock } from './superblock.ts';

/** A run of blocks that belongs to the file system itself. */
export interface MetadataBlocks {
  /** First block of the volume. */
  readonly block: number;
  readonly blockCount: number;
  /** What it is, in words. */
  readonly use: string;
}

/**
 * The superblock and descriptors at the start of a group.
 * @source kernel: fs/ext4/balloc.c, ext4_num_base_meta_clusters
 * @param superblock - of the file system
 * @param group - number of the group
 */
export function groupHead(superblock: ExtSuperblock, group: number): MetadataBlocks[] {
  const found: MetadataBlocks[] = [];
  let next = groupStart(superblock, group);
  const add = (blockCount: number, use: string): void => {
    if (blockCount > 0) found.push({ block: next, blockCount, use });
    next += blockCount;
  };
  const hasCopy = hasSuperblock(superblock, group);
  if (hasCopy) add(superblockBlocks(superblock, group), 'superblock');
  const perBlock = descriptorsPerBlock(superblock);
  const number = Math.floor(group / perBlock);
  if (number >= superblock.firstMetaGroup) {
    const place = group % perBlock;
    if (place < 2 || place === perBlock - 1) add(1, 'group descriptors');
  } else if (hasCopy) {
    const all = Math.ceil(superblock.groupCount / perBlock);
    add(Math.min(all, superblock.firstMetaGroup), 'group descriptors');
    add(superblock.reservedDescriptorBlocks, 'reserved group descriptors');
  }
  return found;
}

/** With blocks of 1 KiB and clusters, group 0 begins with the boot block. */
function superblockBlocks(superblock: ExtSuperblock, group: number): number {
  return group === 0 && superblock.blockBytes === 1024 && superblock.firstBlock === 0 ? 2 : 1;
}

/**
 * All blocks that a group's descriptor and place make metadata, wherever they lie.
 * @param volume - the group's
 * @param group - number of the group
 * @throws FILE_SYSTEM_DAMAGED when the descriptor is damaged
 */
export async function groupMetadata(volume: ExtVolume, group: number): Promise<MetadataBlocks[]> {
  const { superblock } = volume;
  const { blockBitmap, inodeBitmap, inodeTable } = await volume.descriptor(group);
  return [
    ...groupHead(superblock, group),
    { block: blockBitmap, blockCount: 1, use: 'block bitmap' },
    { block: inodeBitmap, blockCount: 1, use: 'inode bitmap' },
    { block: inodeTable, blockCount: superblock.inodeTableBlocks, use: 'inode table' },
  ];
}
