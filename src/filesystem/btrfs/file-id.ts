import type { FileId } from '../file-system.ts';

/** An inode of a subvolume. */
export interface FilePlace {
  /** Number of the subvolume. */
  readonly subvolume: number;
  /** Number of the inode in it. */
  readonly inode: number;
}

/** Number of the empty directory that stands in a snapshot for a subvolume inside; no inode of a subvolume has it. */
export const emptyDirectoryInode = 2;

/**
 * The identity of a file.
 * @param place - see FilePlace
 */
export function idOf({ subvolume, inode }: FilePlace): FileId {
  return `${subvolume}/${inode}`;
}

/**
 * What an identity names.
 * @param id - "subvolume/inode"
 * @returns undefined when it is no identity
 */
export function placeOf(id: FileId): FilePlace | undefined {
  const slash = id.indexOf('/');
  const [subvolume, inode] = [
    numberOf(id.slice(0, Math.max(slash, 0))),
    numberOf(id.slice(slash + 1)),
  ];
  return subvolume === undefined || inode === undefined ? undefined : { subvolume, inode };
}

function numberOf(text: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}
