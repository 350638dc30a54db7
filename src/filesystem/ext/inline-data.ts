import type { ExtVolume } from './ext-volume.ts';
import { type ExtInode, inodeBlockAt, inodeBlockBytes, inodeFlags } from './inode.ts';
import { attributesInInode } from './inode-attributes.ts';

/**
 * Content so small that it lies in its inode: 60 bytes in place of the extent tree, what is longer in an attribute "system.data" behind
 * the inode's fields.
 * @source kernel: Documentation/filesystems/ext4/inlinedata.rst
 */
export interface InlineData {
  /** The first 60 bytes; borrowed. */
  readonly first: Uint8Array;
  /** What follows; borrowed; empty when nothing does. */
  readonly rest: Uint8Array;
}

/** Prefix of the names of attributes that belong to the system, such as "system.data". */
export const systemPrefix = 7;

const dataName = Buffer.from('data', 'latin1');

/**
 * Whether the content of a file lies in its inode.
 * @param inode - to be looked at
 */
export function hasInlineData(inode: ExtInode): boolean {
  return (inode.flags & inodeFlags.hasInlineData) !== 0;
}

/**
 * The content that lies in an inode.
 * @param volume - the inode's
 * @param inode - for which `hasInlineData` is true
 * @throws FILE_SYSTEM_DAMAGED
 */
export function inlineDataOf(volume: ExtVolume, inode: ExtInode): InlineData {
  const first = inode.raw.subarray(inodeBlockAt, inodeBlockAt + inodeBlockBytes);
  const entries = attributesInInode(volume, inode);
  const data = entries.find(({ prefix, name }) => prefix === systemPrefix && dataName.equals(name));
  return { first, rest: data?.value ?? new Uint8Array(0) };
}

/**
 * The content of a file or link that lies in its inode, in one piece.
 * @param volume - the inode's
 * @param inode - for which `hasInlineData` is true
 * @returns as many bytes as the inode says; a copy
 * @throws FILE_SYSTEM_DAMAGED when there are not so many
 */
export function inlineContent(volume: ExtVolume, inode: ExtInode): Uint8Array {
  const { first, rest } = inlineDataOf(volume, inode);
  if (inode.sizeBytes > first.length + rest.length) {
    const reason = `its size is ${inode.sizeBytes} bytes, and it holds ${first.length + rest.length}`;
    throw volume.damaged(`inode ${inode.number}, inline data`, inode.offsetBytes, reason);
  }
  const content = new Uint8Array(inode.sizeBytes);
  content.set(first.subarray(0, content.length));
  content.set(
    rest.subarray(0, Math.max(0, content.length - first.length)),
    Math.min(first.length, content.length),
  );
  return content;
}
