import { interrupted } from '../segments/segment-log.ts';

/** What became of looking a chunk up. */
export interface ChunkClaim {
  /** Number in the index; 0 while the chunk is on its way there. */
  readonly number: number;
  /** Whether the caller must store it. */
  readonly isNew: boolean;
}

/**
 * Knows which chunks are stored, and which are being stored right now. Only what was claimed under the current
 * generation of the log counts: a failure voids everything that was under way.
 */
export class ChunkClaims {
  readonly #find: (name: Uint8Array) => number | undefined;
  readonly #log: { readonly generation: number };
  readonly #pending = new Set<string>();
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
   * Finds a chunk, or claims the right to store it.
   * @param name - 32 bytes, borrowed
   * @param generation - the log's generation when the commit began
   * @throws IO_FAILED when the log failed since the commit began
   */
  claim(name: Uint8Array, generation: number): ChunkClaim {
    this.#checkGeneration(generation);
    const key = keyOf(name);
    if (this.#pending.has(key)) return { number: 0, isNew: false };
    const number = this.#find(name);
    if (number !== undefined) return { number, isNew: false };
    this.#pending.add(key);
    return { number: 0, isNew: true };
  }

  /**
   * Ends the waiting of chunks that the index knows now.
   * @param names - 32 bytes each
   */
  settle(names: Iterable<Uint8Array>): void {
    for (const name of names) this.#pending.delete(keyOf(name));
  }

  #checkGeneration(generation: number): void {
    if (generation !== this.#log.generation) throw interrupted();
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#pending.clear();
  }
}

/**
 * A chunk's name as a key of a map.
 * @param name - 32 bytes
 */
export function keyOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
}
