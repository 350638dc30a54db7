import type { CommitRequest } from '../contract.ts';
import type { CommitNames } from './commit-names.ts';
import type { StoredExtent } from './extent-list.ts';

/** Numbers that say where a chunk lies: offset of its group's entry in bytes, first block in the group, blocks. */
export const placeWords = 3;

/** Chunks that were stored for the first time, in one segment. */
export interface StoredChunks {
  /** Number of the segment. */
  readonly segment: number;
  /** Positions in the commit's names. */
  readonly positions: Uint32Array;
  /** For each placeWords numbers. */
  readonly places: Uint32Array;
}

/** A commit whose chunks are written (not yet durable) and whose record can be made. */
export interface PreparedCommit {
  readonly request: CommitRequest;
  /** The log's generation when it began. */
  readonly generation: number;
  /** For each disk of the request: what changed, by block. */
  readonly extents: readonly (readonly StoredExtent[])[];
  /** Names of all chunks that the extents refer to, with the numbers of those that the index had. */
  readonly names: CommitNames;
  readonly stored: readonly StoredChunks[];
  readonly changedBytes: number;
  readonly newBytes: number;
  readonly storedBytes: number;
}
