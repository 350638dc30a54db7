import { readInodeHeader } from './group-headers.ts';
import { type InodeChunk, inodeChunks, inodeTree } from './inode-chunks.ts';
import type { XfsVolume } from './volume.ts';

/**
 * All chunks of inodes, group by group, in the order in which they lie.
 * @param volume - the volume
 * @param onDamage - hears of what cannot be read, which is then left out
 */
export async function* allInodeChunks(
  volume: XfsVolume,
  onDamage: (error: unknown) => void,
): AsyncGenerator<readonly InodeChunk[]> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    try {
      const header = await readInodeHeader(volume, group);
      yield* inodeChunks(volume, inodeTree(group, header.inodes, onDamage));
    } catch (error) {
      onDamage(error);
    }
  }
}
