import { strict as assert } from 'node:assert';
import { chunkNameBytes } from '../../format/chunk-group.ts';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { recentNamesMax } from './index-limits.ts';
import { wordsOf } from './name-list.ts';
import { NameRows } from './name-rows.ts';
import { type ChunkPlace, PlaceTable, placeOffset, placeRowOf } from './place-table.ts';
import { RecentNames } from './recent-names.ts';
import { StagedPlaces } from './staged-places.ts';

/** How much of the chunks the store holds. */
export interface ChunkCounts {
  /** Chunks; also the highest number. */
  readonly chunkCount: number;
  /** Chunks up to this number have their rows in `names`; those behind it may have. */
  readonly namedCount: number;
}

/**
 * Chunk names, numbers and places, in two tables and the memory of what is on its way there. `places`: number → place and
 * whole name. `names`: name → number, which lags behind (see RecentNames).
 */
export class ChunkTable {
  readonly #places: PlaceTable;
  readonly #names: NameRows;
  readonly #recentMax: number;
  #stored: ChunkCounts = { chunkCount: 0, namedCount: 0 };
  #staged: StagedPlaces;
  #recent: RecentNames;

  /**
   * @param store - with the tables `names` and `places`
   * @param recentMax - names gathered before they are entered into their table
   */
  constructor(store: OrderedStore, recentMax: number = recentNamesMax) {
    this.#places = new PlaceTable(store);
    this.#names = new NameRows(store);
    this.#recentMax = recentMax;
    this.#staged = new StagedPlaces(this.#places, 0);
    this.#recent = new RecentNames(this.#names, 0, recentMax);
  }

  /**
   * Reads the names that are not in their table yet.
   * @param counts - how much the store holds
   * @throws DAMAGED
   */
  load(counts: ChunkCounts): void {
    this.#stored = counts;
    this.#staged = new StagedPlaces(this.#places, counts.chunkCount);
    this.#recent = new RecentNames(this.#names, counts.namedCount, this.#recentMax);
    let row: Uint8Array | undefined;
    for (let number = counts.namedCount + 1; number <= counts.chunkCount; number++) {
      const isNewRow = row === undefined || placeOffset(number) === 0;
      if (isNewRow) row = this.#places.row(placeRowOf(number));
      this.#recent.restore(wordsOf(this.#places.nameIn(number, row)));
    }
  }

  /**
   * Finds a chunk that is stored.
   * @param name - 32 bytes, borrowed
   * @returns its number
   * @throws DAMAGED
   */
  numberOf(name: Uint8Array): number | undefined {
    const number = this.find(name);
    return number !== undefined && number <= this.#stored.chunkCount ? number : undefined;
  }

  /**
   * Tells where a stored chunk lies.
   * @param chunkNumber - from the timeline or numberOf
   * @throws DAMAGED also when there is no such chunk, since numbers come from the index itself
   */
  placeOf(chunkNumber: number): ChunkPlace {
    return this.#places.placeOf(chunkNumber);
  }

  /**
   * Tells a stored chunk's name.
   * @param chunkNumber - from the timeline or numberOf
   * @returns 32 bytes
   * @throws DAMAGED
   */
  nameOf(chunkNumber: number): Uint8Array {
    return this.#places.nameOf(chunkNumber);
  }

  /**
   * Finds a chunk, staged ones included.
   * @param name - 32 bytes, borrowed
   * @returns its number, or undefined when it is not in the repository
   * @throws DAMAGED
   */
  find(name: Uint8Array): number | undefined {
    assert(name.length === chunkNameBytes, 'a chunk name has 32 bytes');
    return this.#recent.find(wordsOf(name)) || this.#findInRows(name);
  }

  /**
   * Tells where a chunk lies, staged ones included.
   * @param chunkNumber - from find
   * @throws DAMAGED
   */
  stagedPlaceOf(chunkNumber: number): ChunkPlace {
    return this.#staged.placeOf(chunkNumber);
  }

  /**
   * Stages a chunk that is not here yet.
   * @param chunkNumber - the one behind the last
   * @param name - 32 bytes, copied
   * @param place - where it is
   */
  add(chunkNumber: number, name: Uint8Array, place: ChunkPlace): void {
    this.#recent.add(wordsOf(name));
    this.#staged.put(chunkNumber, { name, place });
  }

  /**
   * Stages a chunk's new place.
   * @param chunkNumber - of the chunk
   * @param name - 32 bytes
   * @param place - where it is now
   * @throws DAMAGED
   */
  move(chunkNumber: number, name: Uint8Array, place: ChunkPlace): void {
    this.#staged.put(chunkNumber, { name, place });
  }

  /** Rows that are staged. */
  get stagedRows(): number {
    return this.#staged.changedCount;
  }

  /**
   * Hands over what is staged.
   * @returns the writes; and how far the names reach with them
   * @throws DAMAGED
   */
  take(): { readonly writes: readonly StoreWrite[]; readonly namedCount: number } {
    try {
      const writes = [...this.#recent.take(), ...this.#staged.take()];
      return { writes, namedCount: this.#recent.namedCount };
    } catch (error) {
      this.unsent();
      throw error;
    }
  }

  /** What was taken is in the store. @param counts - how much that holds now */
  sent(counts: ChunkCounts): void {
    this.#stored = counts;
    this.#recent.sent();
    this.#staged.sent();
  }

  /** What was taken did not get into the store: it is staged again. */
  unsent(): void {
    this.#recent.unsent();
    this.#staged.unsent();
  }

  /** Forgets what is not in the store. */
  discard(): void {
    this.#recent.discard(this.#stored.chunkCount);
    this.#staged.discard(this.#stored.chunkCount);
  }

  #findInRows(name: Uint8Array): number | undefined {
    for (const number of this.#names.numbersOf(name)) {
      const found = this.#staged.nameOf(number);
      if (Buffer.compare(found.subarray(0, 8), name.subarray(0, 8)) !== 0) {
        throw this.#names.damage(name, 'the row leads to another chunk');
      }
      if (Buffer.compare(found, name) === 0) return number;
    }
    return undefined;
  }
}
