import { decodeFileExtent } from '../file-extent.ts';
import { decodeInode } from '../inode-item.ts';
import { itemTypes } from '../key.ts';
import { decodeNamedItems } from '../named-item.ts';
import {
  decodeExtendedReferences,
  decodeReferences,
  type InodeReference,
} from '../reference-item.ts';
import type { TreeItem } from '../tree.ts';

/**
 * Looks at an item of a log by itself, so that what replays it need not.
 * @param item - the item
 * @param sectorBytes - unit in which space is taken
 * @returns what is wrong, as a sentence without its end; undefined when nothing is
 */
export function itemFault({ key, bytes }: TreeItem, sectorBytes: number): string | undefined {
  const what = `its item of type ${key.type} for inode ${key.object}`;
  switch (key.type) {
    case itemTypes.inode:
      return key.offset !== 0 || typeof decodeInode(bytes, sectorBytes) === 'string'
        ? `${what} is no inode`
        : undefined;
    case itemTypes.directoryLog:
      return bytes.length < 8 ? `${what} is too short` : undefined;
    case itemTypes.attribute:
      return decodeNamedItems(bytes) === undefined ? `${what} does not fit` : undefined;
    case itemTypes.nameByIndex:
      return decodeNamedItems(bytes) === undefined || !Number.isSafeInteger(key.offset)
        ? `${what} is no name`
        : undefined;
    case itemTypes.inodeReference:
      return areSound(decodeReferences(bytes, key.offset)) ? undefined : `${what} holds no names`;
    case itemTypes.inodeExtendedReference:
      return areSound(decodeExtendedReferences(bytes)) ? undefined : `${what} holds no names`;
    case itemTypes.fileExtent:
      return isExtent({ key, bytes }) ? undefined : `${what} is no extent`;
    default:
      return undefined;
  }
}

function areSound(references: readonly InodeReference[] | undefined): boolean {
  return references?.every(({ index }) => Number.isSafeInteger(index)) === true;
}

function isExtent({ key, bytes }: TreeItem): boolean {
  const extent = decodeFileExtent(bytes);
  if (typeof extent === 'string') return false;
  const lengthBytes = extent.form === 'inline' ? extent.plainBytes : extent.lengthBytes;
  return Number.isSafeInteger(key.offset + lengthBytes);
}
