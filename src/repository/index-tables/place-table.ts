import { chunkNameBytes } from '../../format/chunk-group.ts';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { CheckedTable } from './checked-table.ts';
import { chunkNumberMax } from './index-limits.ts';
import { keyOfPlaceRow } from './row-keys.ts';

/** Where a chunk is stored. */
export interface ChunkPlace {
  /** Number of the segment, 32 bits. */
  readonly segment: number;
  /** Where its group's entry begins in the segment file, bytes, 32 bits. */
  readonly entryOffsetBytes: number;
  /** First block within the plain group, 16 bits. */
  readonly startBlock: number;
  /** Blocks, 1 or more, 16 bits. */
  readonly blockCount: number;
}

/** Chunks in a row: two rows fit a page of the store, and writing one costs as much as writing a row for each chunk would. */
export const placesPerRow = 45;

const placeBytes = 12;
const itemBytes = placeBytes + chunkNameBytes;

/** Bytes of a full row. */
export const placeRowBytes: number = placesPerRow * itemBytes;

/**
 * @param chunkNumber - from 1
 * @returns the number of its row, from 0
 */
export function placeRowOf(chunkNumber: number): number {
  return Math.floor((chunkNumber - 1) / placesPerRow);
}

/** Chunk number → place and whole name, in rows of `placesPerRow` neighbours. Grows at its end. */
export class PlaceTable {
  readonly #table: CheckedTable;

  /** @param store - with the table `places` */
  constructor(store: OrderedStore) {
    this.#table = new CheckedTable(store, 'places');
  }

  /**
   * Reads a row.
   * @param row - number
   * @returns what it holds, a copy; undefined when there is none
   * @throws DAMAGED
   */
  row(row: number): Uint8Array | undefined {
    const content = this.#table.get(keyOfPlaceRow(row));
    if (content === undefined) return undefined;
    if (content.length % itemBytes === 0 && content.length <= placeRowBytes) return content;
    throw this.#table.damage(keyOfPlaceRow(row), 'the row has a wrong length');
  }

  /**
   * Tells where a chunk is stored.
   * @param chunkNumber - from the timeline or the names
   * @throws DAMAGED also when there is no such chunk, since numbers come from the index itself
   */
  placeOf(chunkNumber: number): ChunkPlace {
    return this.placeIn(chunkNumber, this.row(placeRowOf(chunkNumber)));
  }

  /**
   * Tells a chunk's name.
   * @param chunkNumber - from the timeline or the names
   * @returns 32 bytes
   * @throws DAMAGED
   */
  nameOf(chunkNumber: number): Uint8Array {
    return this.nameIn(chunkNumber, this.row(placeRowOf(chunkNumber)));
  }

  /**
   * Reads a name out of its row.
   * @param chunkNumber - of the chunk
   * @param row - what its row holds
   * @returns 32 bytes
   * @throws DAMAGED
   */
  nameIn(chunkNumber: number, row: Uint8Array | undefined): Uint8Array {
    return this.#item(chunkNumber, row).subarray(placeBytes);
  }

  /**
   * Reads a place out of its row.
   * @param chunkNumber - of the chunk
   * @param row - what its row holds
   * @throws DAMAGED
   */
  placeIn(chunkNumber: number, row: Uint8Array | undefined): ChunkPlace {
    const bytes = this.#item(chunkNumber, row);
    const blockCount = bytes.readUInt16LE(10);
    if (blockCount === 0) throw this.#damage(chunkNumber, 'the chunk has no blocks');
    return {
      segment: bytes.readUInt32LE(0),
      entryOffsetBytes: bytes.readUInt32LE(4),
      startBlock: bytes.readUInt16LE(8),
      blockCount,
    };
  }

  /**
   * Makes the write that puts a row.
   * @param row - number
   * @param content - copied
   */
  write(row: number, content: Uint8Array): StoreWrite {
    return this.#table.row(keyOfPlaceRow(row), content);
  }

  #item(chunkNumber: number, row: Uint8Array | undefined): Buffer {
    const at = placeOffset(chunkNumber);
    const isNumber = chunkNumber >= 1 && chunkNumber <= chunkNumberMax;
    if (!isNumber || row === undefined || row.length < at + itemBytes) {
      throw this.#damage(chunkNumber, 'the chunk is missing');
    }
    return Buffer.from(row.buffer, row.byteOffset + at, itemBytes);
  }

  #damage(chunkNumber: number, reason: string): Error {
    return this.#table.damage(keyOfPlaceRow(placeRowOf(chunkNumber)), reason);
  }
}

/**
 * Where a chunk stands in its row.
 * @param chunkNumber - from 1
 * @returns bytes
 */
export function placeOffset(chunkNumber: number): number {
  return ((chunkNumber - 1) % placesPerRow) * itemBytes;
}

/**
 * Writes a chunk into its row.
 * @param row - as long as a full one
 * @param chunkNumber - of the chunk
 * @param chunk - its name, 32 bytes, and its place
 */
export function putPlace(
  row: Buffer,
  chunkNumber: number,
  { name, place }: { readonly name: Uint8Array; readonly place: ChunkPlace },
): void {
  const at = placeOffset(chunkNumber);
  row.writeUInt32LE(place.segment, at);
  row.writeUInt32LE(place.entryOffsetBytes, at + 4);
  row.writeUInt16LE(place.startBlock, at + 8);
  row.writeUInt16LE(place.blockCount, at + 10);
  row.set(name, at + placeBytes);
}

/**
 * Length of a row that ends with a chunk.
 * @param chunkNumber - the last one in it
 * @returns bytes
 */
export function placeRowEnd(chunkNumber: number): number {
  return placeOffset(chunkNumber) + itemBytes;
}
