import type { StoreWrite } from '../../keyvalue/ordered-store.ts';
import {
  type ChunkPlace,
  type PlaceTable,
  placeRowBytes,
  placeRowEnd,
  placeRowOf,
  placesPerRow,
  putPlace,
} from './place-table.ts';

/** A row that is, or is about to be, written. */
interface StagedRow {
  readonly content: Buffer;
  /** Changed since it was last handed to the store. */
  isChanged: boolean;
  /** Handed to the store, and not yet there. */
  isTravelling: boolean;
}

/** The writer's view of the places: rows of the table, and over them what is staged and travelling. */
export class StagedPlaces {
  readonly #table: PlaceTable;
  readonly #rows = new Map<number, StagedRow>();
  #chunkCount: number;
  #changedCount = 0;

  /**
   * @param table - nobody else writes to
   * @param chunkCount - chunks in it
   */
  constructor(table: PlaceTable, chunkCount: number) {
    this.#table = table;
    this.#chunkCount = chunkCount;
  }

  /** Rows that are staged. */
  get changedCount(): number {
    return this.#changedCount;
  }

  /**
   * @param chunkNumber - of a chunk that was stored or staged
   * @throws DAMAGED
   */
  placeOf(chunkNumber: number): ChunkPlace {
    const staged = this.#rows.get(placeRowOf(chunkNumber));
    if (staged === undefined) return this.#table.placeOf(chunkNumber);
    return this.#table.placeIn(chunkNumber, staged.content);
  }

  /**
   * @param chunkNumber - of a chunk that was stored or staged
   * @returns its name, 32 bytes
   * @throws DAMAGED
   */
  nameOf(chunkNumber: number): Uint8Array {
    const staged = this.#rows.get(placeRowOf(chunkNumber));
    if (staged === undefined) return this.#table.nameOf(chunkNumber);
    return this.#table.nameIn(chunkNumber, staged.content);
  }

  /**
   * Enters a chunk, or its new place.
   * @param chunkNumber - the next one, or one that was entered before
   * @param chunk - its name, 32 bytes, and its place; copied
   * @throws DAMAGED
   */
  put(chunkNumber: number, chunk: { readonly name: Uint8Array; readonly place: ChunkPlace }): void {
    const staged = this.#row(placeRowOf(chunkNumber));
    putPlace(staged.content, chunkNumber, chunk);
    this.#chunkCount = Math.max(this.#chunkCount, chunkNumber);
    if (staged.isChanged) return;
    staged.isChanged = true;
    this.#changedCount++;
  }

  /** Hands over what is staged. @returns the writes, in order of their keys */
  take(): StoreWrite[] {
    const writes: StoreWrite[] = [];
    for (const [row, staged] of this.#rows) {
      if (!staged.isChanged) continue;
      staged.isChanged = false;
      staged.isTravelling = true;
      writes.push(this.#table.write(row, staged.content.subarray(0, this.#lengthOf(row))));
    }
    this.#changedCount = 0;
    return writes;
  }

  /** What was handed over is in the store. The last row stays, since it is about to grow. */
  sent(): void {
    const last = placeRowOf(this.#chunkCount);
    for (const [row, staged] of this.#rows) {
      staged.isTravelling = false;
      if (!staged.isChanged && row !== last) this.#rows.delete(row);
    }
  }

  /** What was handed over did not get into the store: it is staged again. */
  unsent(): void {
    for (const staged of this.#rows.values()) {
      if (!staged.isTravelling) continue;
      staged.isTravelling = false;
      if (!staged.isChanged) this.#changedCount++;
      staged.isChanged = true;
    }
  }

  /** Forgets what is not in the store. @param chunkCount - chunks in it */
  discard(chunkCount: number): void {
    this.#rows.clear();
    this.#changedCount = 0;
    this.#chunkCount = chunkCount;
  }

  #row(row: number): StagedRow {
    const known = this.#rows.get(row);
    if (known !== undefined) return known;
    const content = Buffer.alloc(placeRowBytes);
    if (row * placesPerRow < this.#chunkCount) {
      const stored = this.#table.row(row);
      if (stored !== undefined) content.set(stored);
    }
    const staged = { content, isChanged: false, isTravelling: false };
    this.#rows.set(row, staged);
    return staged;
  }

  #lengthOf(row: number): number {
    const isLast = row === placeRowOf(this.#chunkCount);
    return isLast ? placeRowEnd(this.#chunkCount) : placeRowBytes;
  }
}
