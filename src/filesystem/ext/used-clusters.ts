import { isSecondwindError } from '../../base/errors.ts';
import type { ExtVolume } from './ext-volume.ts';
import { isBitmapSound } from './group-descriptor.ts';
import { groupBlockCount } from './group-layout.ts';

/**
 * Which clusters of a group its bitmap calls used.
 * @param volume - the group's
 * @param group - number of the group
 * @returns one bit for each cluster, the lowest first; set for all where the bitmap is damaged; a copy
 */
export async function usedClusters(volume: ExtVolume, group: number): Promise<Uint8Array> {
  const { superblock } = volume;
  const count = Math.ceil(groupBlockCount(superblock, group) / superblock.blocksPerCluster);
  const bits = new Uint8Array(Math.ceil(count / 8));
  const stored = await storedBitmap(volume, group);
  if (stored === undefined) bits.fill(0xff);
  else if (stored !== 'unused') bits.set(stored.subarray(0, bits.length));
  return bits;
}

/** @returns undefined when it is damaged, "unused" when it was never written */
async function storedBitmap(
  volume: ExtVolume,
  group: number,
): Promise<Uint8Array | 'unused' | undefined> {
  const { superblock } = volume;
  try {
    const descriptor = await volume.descriptor(group);
    if (descriptor.isBlockBitmapUnused) return 'unused';
    const block = await volume.block(descriptor.blockBitmap, `block bitmap of group ${group}`);
    const clusters = superblock.blocksPerGroup / superblock.blocksPerCluster;
    const bits = block.subarray(0, Math.floor(clusters / 8));
    return isBitmapSound(superblock, bits, descriptor.blockBitmapChecksum) ? block : undefined;
  } catch (error) {
    if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
    return undefined;
  }
}
