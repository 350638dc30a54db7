import { isSecondwindError } from '../../base/errors.ts';
import type { ExtVolume } from './ext-volume.ts';
import type { ExtInode } from './inode.ts';
import { batchMax } from './limits.ts';

/**
 * Every inode that is in use, in the order in which they lie. Their checksums are not looked at.
 * @param volume - to be looked at
 * @param onDamage - hears why a group's inodes cannot be found
 */
export async function* scanInodes(
  volume: ExtVolume,
  onDamage: (error: unknown) => void,
): AsyncGenerator<readonly ExtInode[]> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    try {
      yield* scanGroup(volume, group);
    } catch (error) {
      if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
      onDamage(error);
    }
  }
}

async function* scanGroup(volume: ExtVolume, group: number): AsyncGenerator<readonly ExtInode[]> {
  const { inodesPerGroup } = volume.superblock;
  const descriptor = await volume.descriptor(group);
  const used = descriptor.areInodesUnused ? 0 : inodesPerGroup - descriptor.unusedInodeCount;
  let batch: ExtInode[] = [];
  for (let index = 1; index <= used; index += 1) {
    const found = volume.rawInode(group * inodesPerGroup + index);
    const inode = found instanceof Promise ? await found : found;
    if (inode.mode !== 0 && inode.linkCount > 0) batch.push(inode);
    if (batch.length < batchMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
