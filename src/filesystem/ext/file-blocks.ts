import type { ByteRange } from '../file-system.ts';
import type { OwnedBlocks } from './block-map.ts';
import type { ExtVolume } from './ext-volume.ts';
import { kindOfInode } from './file-status.ts';
import { hasInlineData } from './inline-data.ts';
import type { ExtInode } from './inode.ts';
import { attributesInBlock, attributesInInode } from './inode-attributes.ts';
import { isFastLink } from './link-target.ts';
import { openBlockMap } from './open-block-map.ts';

const nothing: readonly (readonly OwnedBlocks[])[] = [];

/**
 * The blocks of content and map of a file, in batches; none when all of it lies in its inode.
 * @param volume - the file's
 * @param inode - of any kind
 * @throws FILE_SYSTEM_DAMAGED
 */
export function fileBlocks(
  volume: ExtVolume,
  inode: ExtInode,
): AsyncIterable<readonly OwnedBlocks[]> | Iterable<readonly OwnedBlocks[]> {
  if (hasInlineData(inode)) return nothing;
  const kind = kindOfInode(inode);
  const hasBlocks =
    kind === 'file' || kind === 'directory' || (kind === 'link' && !isFastLink(inode));
  return hasBlocks ? openBlockMap(volume, inode).owned() : nothing;
}

/**
 * Where a file lies: its inode, the blocks of its content and map, and those of its attributes.
 * @param volume - the file's
 * @param inode - of any kind
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function fileRanges(volume: ExtVolume, inode: ExtInode): Promise<ByteRange[]> {
  const { blockBytes } = volume.superblock;
  const found: ByteRange[] = [{ offsetBytes: inode.offsetBytes, lengthBytes: inode.raw.length }];
  const add = (block: number, count: number): void => {
    found.push({ offsetBytes: block * blockBytes, lengthBytes: count * blockBytes });
  };
  for await (const batch of fileBlocks(volume, inode)) {
    for (const { block, blockCount } of batch) add(block, blockCount);
  }
  if (inode.attributeBlock !== 0) add(inode.attributeBlock, 1);
  for (const holder of await valueInodes(volume, inode)) {
    found.push({ offsetBytes: holder.offsetBytes, lengthBytes: holder.raw.length });
    for await (const batch of fileBlocks(volume, holder)) {
      for (const { block, blockCount } of batch) add(block, blockCount);
    }
  }
  return found;
}

/** Inodes made only to hold values of this file's attributes. */
async function valueInodes(volume: ExtVolume, inode: ExtInode): Promise<ExtInode[]> {
  const entries = [
    ...attributesInInode(volume, inode),
    ...(await attributesInBlock(volume, inode)),
  ];
  const found: ExtInode[] = [];
  for (const { valueInode } of entries) {
    if (valueInode !== 0) found.push(await volume.file(String(valueInode)));
  }
  return found;
}
