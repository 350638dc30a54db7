import type { CommitRequest } from '../contract.ts';
import type { ChunkPlace } from '../index-tables/chunk-table.ts';
import type { StoredExtent } from './extent-list.ts';

/** A chunk that was stored for the first time. */
export interface NewChunk {
  /** 32 bytes, owned. */
  readonly name: Uint8Array;
  readonly place: ChunkPlace;
}

/** A commit whose chunks are written (not yet durable) and whose record can be made. */
export interface PreparedCommit {
  readonly request: CommitRequest;
  /** The log's generation when it began. */
  readonly generation: number;
  /** For each disk of the request: what changed, by block. */
  readonly extents: readonly (readonly StoredExtent[])[];
  /** Names of all chunks that the extents refer to; their positions count from 1. */
  readonly names: readonly Uint8Array[];
  /** For each name: its number in the index, 0 when it was not there yet. */
  readonly knownNumbers: readonly number[];
  readonly newChunks: readonly NewChunk[];
  readonly changedBytes: number;
  readonly newBytes: number;
  readonly storedBytes: number;
}
