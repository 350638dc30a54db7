import { interrupted } from '../segments/segment-log.ts';
import type { CommitNames } from './commit-names.ts';

/** What a claim answers when the claimer must store the chunk. */
export const mustStore = -1;

/**
 * Knows which chunks are stored, and which are being stored right now. Only what was claimed under the current
 * generation of the log counts: a failure voids everything that was under way.
 */
export class ChunkClaims {
  readonly #find: (name: Uint8Array) => number | undefined;
  readonly #log: { readonly generation: number };
  /** Names of all commits under way; few, since every commit waits for its turn. */
  readonly #commits = new Set<CommitNames>();
  #generation = 0;

  /**
   * @param find - looks a name of 32 bytes up in the index; what cannot be read any more counts as not stored
   * @param log - its generation decides what is void
   */
  constructor(
    find: (name: Uint8Array) => number | undefined,
    log: { readonly generation: number },
  ) {
    this.#find = find;
    this.#log = log;
  }

  /**
   * Finds the newest of a commit's names, or claims the right to store its chunk.
   * @param names - of the commit, from now on known to later ones
   * @param generation - the log's generation when the commit began
   * @returns number in the index; 0 while another commit is storing it; mustStore
   * @throws IO_FAILED when the log failed since the commit began
   */
  claimNewest(names: CommitNames, generation: number): number {
    this.#checkGeneration(generation);
    const name = names.list.nameAt(names.count);
    const words = new Uint32Array(name.buffer, name.byteOffset, name.length / 4);
    for (const other of this.#commits) {
      const position = other === names ? 0 : other.list.find(words, 0);
      if (position > 0) return other.numberAt(position);
    }
    this.#commits.add(names);
    return this.#find(name) ?? mustStore;
  }

  /**
   * Ends a commit: its chunks are in the index, or it failed.
   * @param names - of its chunks
   */
  settle(names: CommitNames): void {
    this.#commits.delete(names);
  }

  #checkGeneration(generation: number): void {
    if (generation !== this.#log.generation) throw interrupted();
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#commits.clear();
  }
}
