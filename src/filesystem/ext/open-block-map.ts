import { andThen } from '../and-then.ts';
import type { ContentMap, ContentRun } from '../mapped-content.ts';
import type { BlockMap, BlockRun } from './block-map.ts';
import type { ExtVolume } from './ext-volume.ts';
import { ExtentMap } from './extent-map.ts';
import { IndirectMap } from './indirect-map.ts';
import { type ExtInode, inodeFlags } from './inode.ts';

/**
 * Where the blocks of a file lie.
 * @param volume - the file's
 * @param inode - of a file, directory or link whose content is neither inline nor a fast link
 * @throws FILE_SYSTEM_DAMAGED
 */
export function openBlockMap(volume: ExtVolume, inode: ExtInode): BlockMap {
  const hasExtents = (inode.flags & inodeFlags.hasExtents) !== 0;
  return hasExtents ? new ExtentMap(volume, inode) : new IndirectMap(volume, inode);
}

/**
 * The map of a file's content, in bytes.
 * @param volume - the file's
 * @param inode - as for `openBlockMap`
 * @throws FILE_SYSTEM_DAMAGED
 */
export function contentMapOf(volume: ExtVolume, inode: ExtInode): ContentMap {
  const map = openBlockMap(volume, inode);
  const { blockBytes } = volume.superblock;
  return {
    sizeBytes: inode.sizeBytes,
    runAt: (offsetBytes) =>
      andThen(map.runAt(Math.floor(offsetBytes / blockBytes)), (run) => inBytes(run, blockBytes)),
  };
}

function inBytes({ start, blockCount, block, isWritten }: BlockRun, unit: number): ContentRun {
  return {
    startBytes: start * unit,
    lengthBytes: blockCount * unit,
    volumeOffsetBytes: block === undefined || !isWritten ? undefined : block * unit,
  };
}
