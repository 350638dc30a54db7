import { linkTargetBytesMax } from '../limits.ts';
import { MappedContent } from '../mapped-content.ts';
import { decodeName } from '../name-text.ts';
import type { ExtVolume } from './ext-volume.ts';
import { hasInlineData, inlineContent } from './inline-data.ts';
import { type ExtInode, inodeBlockAt, inodeBlockBytes, inodeFlags } from './inode.ts';
import { contentMapOf } from './open-block-map.ts';

/**
 * Whether the target of a link lies in its inode, in place of the extent tree.
 * @param inode - of a link
 */
export function isFastLink(inode: ExtInode): boolean {
  const isElsewhere = (inode.flags & (inodeFlags.hasExtents | inodeFlags.hasInlineData)) !== 0;
  return !isElsewhere && inode.sizeBytes < inodeBlockBytes;
}

/**
 * Target of a link.
 * @param volume - the link's
 * @param inode - of a link that is not encrypted
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function linkTarget(volume: ExtVolume, inode: ExtInode): Promise<string> {
  if (inode.sizeBytes > linkTargetBytesMax) {
    const reason = `its target would have ${inode.sizeBytes} bytes`;
    throw volume.damaged(`inode ${inode.number}, link`, inode.offsetBytes, reason);
  }
  const bytes = await targetBytes(volume, inode);
  const end = bytes.indexOf(0);
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end));
}

async function targetBytes(volume: ExtVolume, inode: ExtInode): Promise<Uint8Array> {
  if (hasInlineData(inode)) return inlineContent(volume, inode);
  if (isFastLink(inode)) {
    return inode.raw.subarray(inodeBlockAt, inodeBlockAt + inode.sizeBytes);
  }
  const target = new Uint8Array(inode.sizeBytes);
  await new MappedContent(volume.disk, contentMapOf(volume, inode)).read(target, 0);
  return target;
}
