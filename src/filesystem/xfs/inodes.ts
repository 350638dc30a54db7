import type { Awaitable } from '../../disk/disk.ts';
import { decodeInode, inodeChecksumOffset, type XfsInode } from './inode.ts';
import type { XfsVolume } from './volume.ts';

/**
 * Reads an inode that a structure of the file system names.
 * @param volume - the volume
 * @param number - its number
 * @returns the inode, which may be free (`mode` 0); borrows from the cache
 * @throws FILE_SYSTEM_DAMAGED when no inode can have this number, or none lies there
 */
export function readInode(volume: XfsVolume, number: number): Awaitable<XfsInode> {
  const structure = `inode ${number}`;
  const offsetBytes = volume.inodeOffset(number);
  if (offsetBytes === undefined)
    throw volume.damage({ structure, offsetBytes: 0 }, 'no inode can have this number');
  const place = {
    structure,
    offsetBytes,
    lengthBytes: volume.superblock.inodeBytes,
    checksumOffset: inodeChecksumOffset,
  };
  const bytes = volume.checked(place);
  return bytes instanceof Promise
    ? bytes.then((loaded) => decoded(volume, loaded, { number, offsetBytes }))
    : decoded(volume, bytes, { number, offsetBytes });
}

function decoded(
  volume: XfsVolume,
  bytes: Uint8Array,
  place: { readonly number: number; readonly offsetBytes: number },
): XfsInode {
  const inode = decodeInode(bytes, place);
  const reason = typeof inode === 'string' ? inode : contradiction(volume, inode);
  if (typeof inode === 'string' || reason !== undefined)
    throw volume.damage({ ...place, structure: `inode ${place.number}` }, reason ?? '');
  return inode;
}

function contradiction(volume: XfsVolume, inode: XfsInode): string | undefined {
  if (volume.isVersion5 && inode.ownNumber !== inode.number)
    return `it says that it is inode ${inode.ownNumber ?? 'of an older version'}`;
  if (!Number.isSafeInteger(inode.sizeBytes)) return 'its size is impossible';
  if (!Number.isSafeInteger(inode.blockCount * volume.superblock.blockBytes))
    return 'its count of blocks is impossible';
  return undefined;
}
