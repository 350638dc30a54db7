import { linkTargetBytesMax } from '../limits.ts';
import { pieceAt } from './file-pieces.ts';
import type { BtrfsFile } from './files.ts';

/**
 * Bytes of the target of a symbolic link: always in the tree, and never compressed.
 * @param file - a link
 * @returns borrowed
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function readLinkTarget(file: BtrfsFile): Promise<Uint8Array> {
  const { extent } = await pieceAt(file, 0);
  const { tree, place, inode } = file;
  const isSound =
    extent?.form === 'inline' &&
    extent.compression === 'none' &&
    extent.stored.length >= inode.status.sizeBytes &&
    inode.status.sizeBytes <= linkTargetBytesMax;
  if (isSound) return extent.stored.subarray(0, inode.status.sizeBytes);
  const structure = `${tree.structure}, inode ${place.inode}, target`;
  throw tree.volume.damage({ structure, offsetBytes: 0 }, 'it does not lie in the tree');
}
