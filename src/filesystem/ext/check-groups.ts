import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import type { ExtVolume } from './ext-volume.ts';
import { descriptorFault, type GroupDescriptor, isBitmapSound } from './group-descriptor.ts';

/**
 * Looks at every group's descriptor and bitmaps.
 * @param volume - to be looked at
 */
export async function* checkGroups(volume: ExtVolume): AsyncGenerator<Finding> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    const structure = `descriptor of group ${group}`;
    try {
      const { bytes, offsetBytes } = await volume.firstDescriptor(group);
      const reason = descriptorFault(volume.superblock, group, bytes);
      if (reason !== undefined) yield { severity: 'damage', structure, offsetBytes, reason };
      yield* checkBitmaps(volume, group, await volume.descriptor(group));
    } catch (error) {
      yield findingOf(error, structure);
    }
  }
}

async function* checkBitmaps(
  volume: ExtVolume,
  group: number,
  descriptor: GroupDescriptor,
): AsyncGenerator<Finding> {
  const { blocksPerGroup, blocksPerCluster, inodesPerGroup } = volume.superblock;
  if (!descriptor.isBlockBitmapUnused) {
    yield* checkBitmap(volume, {
      structure: `block bitmap of group ${group}`,
      block: descriptor.blockBitmap,
      bitCount: blocksPerGroup / blocksPerCluster,
      checksum: descriptor.blockBitmapChecksum,
    });
  }
  if (!descriptor.areInodesUnused) {
    yield* checkBitmap(volume, {
      structure: `inode bitmap of group ${group}`,
      block: descriptor.inodeBitmap,
      bitCount: inodesPerGroup,
      checksum: descriptor.inodeBitmapChecksum,
    });
  }
}

interface Bitmap {
  readonly structure: string;
  readonly block: number;
  readonly bitCount: number;
  readonly checksum: number;
}

/** A bitmap tells what is free, which no file's content depends on; but what is not to be trusted is damaged. */
async function* checkBitmap(
  volume: ExtVolume,
  { structure, block, bitCount, checksum }: Bitmap,
): AsyncGenerator<Finding> {
  const bytes = await volume.block(block, structure);
  const bits = bytes.subarray(0, Math.floor(bitCount / 8));
  if (isBitmapSound(volume.superblock, bits, checksum)) return;
  const offsetBytes = block * volume.superblock.blockBytes;
  yield { severity: 'damage', structure, offsetBytes, reason: 'its checksum does not fit' };
}
