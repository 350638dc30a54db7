import { readInodeHeader } from './group-headers.ts';
import { inodeChunks, inodeTree } from './inode-chunks.ts';
import type { XfsVolume } from './volume.ts';

/**
 * Whether the tree of inodes says that one is in use. Reads the whole tree of its group: it is asked only when something is wrong.
 * @param volume - the volume
 * @param number - the inode
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function isInodeInUse(volume: XfsVolume, number: number): Promise<boolean> {
  const { groupBlockBits, inodeInBlockBits } = volume.superblock;
  const group = Math.floor(number / 2 ** (groupBlockBits + inodeInBlockBits));
  const { inodes } = await readInodeHeader(volume, group);
  for await (const chunks of inodeChunks(volume, inodeTree(group, inodes)))
    if (chunks.some(({ used }) => used.includes(number))) return true;
  return false;
}
