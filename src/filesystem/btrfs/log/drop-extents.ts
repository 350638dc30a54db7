import { decodeFileExtent, type InlineExtent, type RegularExtent } from '../file-extent.ts';
import { itemTypes } from '../key.ts';
import type { TreeItem } from '../tree.ts';
import type { EditedTree } from './edited-tree.ts';

/** Where an extent item keeps what of the extent is skipped, and how much of it the file has, bytes. */
const fieldsAt = { skip: 37, length: 45 };

/**
 * Takes a part of a file's content out of a subvolume; extents that begin before it or end behind it are cut.
 * @param edited - the subvolume
 * @param inode - the file
 * @param startBytes - first byte of the part
 * @param endBytes - behind its last byte
 * @throws FILE_SYSTEM_DAMAGED
 * @source Linux fs/btrfs/file.c, btrfs_drop_extents
 */
export async function dropExtents(
  edited: EditedTree,
  inode: number,
  startBytes: number,
  endBytes: number,
): Promise<void> {
  const from = (await offsetBefore(edited, inode, startBytes)) ?? startBytes;
  for (const item of await edited.items(inode, itemTypes.fileExtent, from, endBytes - 1)) {
    const extent = decodeFileExtent(item.bytes);
    if (typeof extent === 'string' || !Number.isSafeInteger(item.key.offset)) continue;
    const start = item.key.offset;
    const end = start + lengthOf(extent);
    if (end <= startBytes || start >= endBytes) continue;
    edited.changes.set(item.key, undefined);
    if (extent.form === 'inline') continue;
    if (start < startBytes) put(edited, item, { start, skip: extent.skipBytes, end: startBytes });
    if (end > endBytes)
      put(edited, item, { start: endBytes, skip: extent.skipBytes + endBytes - start, end });
  }
}

function lengthOf(extent: InlineExtent | RegularExtent): number {
  return extent.form === 'inline' ? extent.plainBytes : extent.lengthBytes;
}

/** Start of the extent that may reach into what begins at an offset. */
async function offsetBefore(
  { tree }: EditedTree,
  inode: number,
  offset: number,
): Promise<number | undefined> {
  const key = { object: inode, type: itemTypes.fileExtent, offset };
  return (await tree.itemBefore(key))?.key.offset;
}

/** The same extent, of which the file has another part. */
function put(
  { changes }: EditedTree,
  { key, bytes }: TreeItem,
  part: { readonly start: number; readonly skip: number; readonly end: number },
): void {
  const item = Buffer.from(bytes);
  item.writeBigUInt64LE(BigInt(part.skip), fieldsAt.skip);
  item.writeBigUInt64LE(BigInt(part.end - part.start), fieldsAt.length);
  changes.set({ ...key, offset: part.start }, item);
}
