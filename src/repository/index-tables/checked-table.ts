import { crc32 } from 'node:zlib';
import type {
  KeyRange,
  OrderedStore,
  StoreEntry,
  StoreWrite,
} from '../../keyvalue/ordered-store.ts';
import { indexDamage } from './index-damage.ts';

/** Seals rows whose words belong to people (names, bookmarks), so that an index file tells nobody what is protected. */
export interface RowSealer {
  /**
   * Seals a row.
   * @param plain - row content, borrowed
   * @param context - table and key: bound to the row, so that rows cannot be exchanged
   * @returns sealed bytes
   */
  seal(plain: Uint8Array, context: Uint8Array): Uint8Array;
  /**
   * Opens a row.
   * @param sealed - made by `seal` with the same context
   * @param context - table and key
   * @returns the row content
   * @throws anything, when the bytes are not what was sealed
   */
  open(sealed: Uint8Array, context: Uint8Array): Uint8Array;
}

const checksumBytes = 4;

/**
 * A table whose values end with a CRC-32 over table name, key and content: a row that was changed, cut, or belongs to
 * another key is found when it is read.
 */
export class CheckedTable {
  /** Name of the table, which errors carry too. */
  readonly name: string;
  readonly #store: OrderedStore;
  readonly #seed: number;
  readonly #sealer: RowSealer | undefined;

  /**
   * @param store - borrowed
   * @param name - of the table
   * @param sealer - for rows that hold words of people
   */
  constructor(store: OrderedStore, name: string, sealer?: RowSealer) {
    this.name = name;
    this.#store = store;
    this.#seed = crc32(name);
    this.#sealer = sealer;
  }

  /**
   * Looks a row up.
   * @param key - borrowed
   * @returns its content
   * @throws DAMAGED
   */
  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#store.get(this.name, key);
    return value && this.#open(key, value);
  }

  /**
   * Walks rows.
   * @param range - which
   * @throws DAMAGED while walking
   */
  *range(range: KeyRange): Iterable<StoreEntry> {
    for (const { key, value } of this.#store.range(this.name, range)) {
      yield { key, value: this.#open(key, value) };
    }
  }

  /**
   * Finds the first row of a range.
   * @param range - its limit does not count
   * @throws DAMAGED
   */
  first(range: Omit<KeyRange, 'limit'>): StoreEntry | undefined {
    for (const row of this.range({ ...range, limit: 1 })) return row;
    return undefined;
  }

  /**
   * Makes the write that puts a row.
   * @param key - borrowed by the write
   * @param content - copied
   */
  row(key: Uint8Array, content: Uint8Array): StoreWrite {
    const sealed = this.#sealer?.seal(content, this.#context(key)) ?? content;
    const value = Buffer.allocUnsafe(sealed.length + checksumBytes);
    value.set(sealed);
    value.writeUInt32LE(this.#checksum(key, sealed), sealed.length);
    return { table: this.name, key, value };
  }

  /**
   * @param key - of the row
   * @param cause - what is wrong
   * @returns the DAMAGED error that names it
   */
  damage(key: Uint8Array, cause: unknown): Error {
    return indexDamage(this.name, key, cause);
  }

  #open(key: Uint8Array, value: Uint8Array): Uint8Array {
    const end = value.length - checksumBytes;
    if (end < 0) throw this.damage(key, 'the row is cut short');
    const content = value.subarray(0, end);
    const found =
      (value[end]! | (value[end + 1]! << 8) | (value[end + 2]! << 16) | (value[end + 3]! << 24)) >>>
      0;
    if (found !== this.#checksum(key, content))
      throw this.damage(key, 'the checksum does not match');
    if (this.#sealer === undefined) return content;
    try {
      return this.#sealer.open(content, this.#context(key));
    } catch (error) {
      throw this.damage(key, error);
    }
  }

  #checksum(key: Uint8Array, content: Uint8Array): number {
    return crc32(content, crc32(key, this.#seed));
  }

  #context(key: Uint8Array): Uint8Array {
    return Buffer.concat([Buffer.from(`${this.name}\0`), key]);
  }
}
