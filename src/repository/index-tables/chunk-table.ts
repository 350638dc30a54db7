import { strict as assert } from 'node:assert';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { CheckedTable } from './checked-table.ts';
import { indexDamage } from './index-damage.ts';
import { chunkNumberMax } from './index-limits.ts';
import { keyOfChunk } from './row-keys.ts';

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

/** A chunk among those whose names begin alike; nearly always the only one. */
export interface Twin {
  /** Number of the chunk. */
  readonly number: number;
  /** Whole name, 32 bytes. */
  readonly name: Uint8Array;
  /** Where it is stored. */
  readonly place: ChunkPlace;
}

/** Bytes of a chunk's name. */
export const chunkNameBytes = 32;
const prefixBytes = 8;
const numberBytes = 6;
const placeBytes = 12;
/** Names with the same first 8 bytes that are told apart; keyed hashes do not even come to 3. */
const twinsMax = 64;
const none: readonly Twin[] = [];

/**
 * Chunk names and places, in two tables. `names` is in random order and therefore kept small: the first 8 bytes of a name
 * → the numbers of the chunks that begin so, nearly always one. `places` grows at its end: number → place and whole name.
 * A name found by its prefix counts only when the whole name agrees.
 */
export class ChunkTable {
  readonly #store: OrderedStore;
  readonly #places: CheckedTable;

  /** @param store - with the tables `names` and `places` */
  constructor(store: OrderedStore) {
    this.#store = store;
    this.#places = new CheckedTable(store, 'places');
  }

  /**
   * Finds a chunk by name.
   * @param name - 32 bytes, borrowed
   * @returns its number, or undefined when it is not stored
   * @throws DAMAGED
   */
  numberOf(name: Uint8Array): number | undefined {
    return this.twinsOf(name).find((twin) => Buffer.compare(twin.name, name) === 0)?.number;
  }

  /**
   * Tells where a chunk is stored.
   * @param chunkNumber - from the timeline or numberOf
   * @throws DAMAGED also when there is no such chunk, since numbers come from the index itself
   */
  placeOf(chunkNumber: number): ChunkPlace {
    return this.#decode(chunkNumber, this.#place(chunkNumber));
  }

  /**
   * Tells a chunk's name.
   * @param chunkNumber - from the timeline or numberOf
   * @returns 32 bytes
   * @throws DAMAGED
   */
  nameOf(chunkNumber: number): Uint8Array {
    return this.#place(chunkNumber).subarray(placeBytes);
  }

  /**
   * Makes the rows of a new chunk.
   * @param name - 32 bytes, copied
   * @param chunkNumber - not used before
   * @param place - where it is
   * @param twins - numbers that the same prefix has already, stored or staged
   */
  rows(
    name: Uint8Array,
    chunkNumber: number,
    place: ChunkPlace,
    twins: readonly number[],
  ): [names: StoreWrite, places: StoreWrite] {
    assert(chunkNumber >= 1 && chunkNumber <= chunkNumberMax && name.length === chunkNameBytes);
    assert(twins.length < twinsMax, 'too many chunk names begin alike');
    const numbers = Buffer.allocUnsafe(numberBytes * (twins.length + 1));
    [...twins, chunkNumber].forEach((number, index) =>
      numbers.writeUIntBE(number, index * numberBytes, numberBytes),
    );
    const names = { table: 'names', key: Buffer.from(prefixOf(name)), value: numbers };
    return [names, this.placeRow(name, chunkNumber, place)];
  }

  /**
   * Makes the row that says where a chunk is.
   * @param name - 32 bytes, copied
   * @param chunkNumber - of the chunk
   * @param place - where it is now
   */
  placeRow(name: Uint8Array, chunkNumber: number, place: ChunkPlace): StoreWrite {
    const content = Buffer.allocUnsafe(placeBytes + chunkNameBytes);
    content.writeUInt32LE(place.segment, 0);
    content.writeUInt32LE(place.entryOffsetBytes, 4);
    content.writeUInt16LE(place.startBlock, 8);
    content.writeUInt16LE(place.blockCount, 10);
    content.set(name, placeBytes);
    return this.#places.row(keyOfChunk(chunkNumber), content);
  }

  /**
   * Lists the chunks whose names begin like this one.
   * @param name - 32 bytes, borrowed
   * @throws DAMAGED
   */
  twinsOf(name: Uint8Array): readonly Twin[] {
    const prefix = prefixOf(name);
    const row = this.#store.get('names', prefix);
    if (row === undefined) return none;
    return this.#numbers(prefix, row).map((number) => {
      const content = this.#place(number);
      const found = content.subarray(placeBytes);
      if (Buffer.compare(found.subarray(0, prefixBytes), prefix) !== 0) {
        throw indexDamage('names', prefix, 'the row leads to another chunk');
      }
      return { number, name: found, place: this.#decode(number, content) };
    });
  }

  #numbers(prefix: Uint8Array, row: Uint8Array): number[] {
    const count = row.length / numberBytes;
    if (!Number.isInteger(count) || count < 1 || count > twinsMax) {
      throw indexDamage('names', prefix, 'the row has a wrong length');
    }
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
    return Array.from({ length: count }, (_, index) => {
      const number = bytes.readUIntBE(index * numberBytes, numberBytes);
      if (number >= 1 && number <= chunkNumberMax) return number;
      throw indexDamage('names', prefix, 'a chunk number is out of range');
    });
  }

  #place(chunkNumber: number): Uint8Array {
    const key = keyOfChunk(chunkNumber);
    const content = this.#places.get(key);
    if (content === undefined) throw this.#places.damage(key, 'the chunk is missing');
    if (content.length !== placeBytes + chunkNameBytes) {
      throw this.#places.damage(key, 'the row has a wrong length');
    }
    return content;
  }

  #decode(chunkNumber: number, content: Uint8Array): ChunkPlace {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
    const blockCount = bytes.readUInt16LE(10);
    if (blockCount === 0) {
      throw this.#places.damage(keyOfChunk(chunkNumber), 'the chunk has no blocks');
    }
    return {
      segment: bytes.readUInt32LE(0),
      entryOffsetBytes: bytes.readUInt32LE(4),
      startBlock: bytes.readUInt16LE(8),
      blockCount,
    };
  }
}

function prefixOf(name: Uint8Array): Uint8Array {
  assert(name.length === chunkNameBytes, 'a chunk name has 32 bytes');
  return name.subarray(0, prefixBytes);
}
