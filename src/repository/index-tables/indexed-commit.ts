import type { CommitRow, CommitRowDisk } from './commit-table.ts';
import type { RegionExtents } from './region-extents.ts';

/** One disk's part of a commit, for the index. */
export interface IndexedDisk extends CommitRowDisk {
  /** Changed regions, ascending, with their changed extents (chunk number 0: zeroes). */
  readonly regions: readonly { readonly region: number; readonly extents: RegionExtents }[];
}

/** A commit, for the index. */
export interface IndexedCommit extends Omit<CommitRow, 'disks'> {
  /** The disks it speaks of, with what changed on them. */
  readonly disks: readonly IndexedDisk[];
  /** SHA-256 of its record, 32 bytes: the machine's new head. */
  readonly hash: Uint8Array;
}
