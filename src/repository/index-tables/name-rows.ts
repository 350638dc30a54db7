import { strict as assert } from 'node:assert';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import { indexDamage } from './index-damage.ts';
import { chunkNumberMax } from './index-limits.ts';

const prefixBytes = 8;
const numberBytes = 6;
/** Names with the same first 8 bytes that are told apart; keyed hashes do not even come to 3. */
const twinsMax = 64;
const none: readonly number[] = [];

/**
 * First 8 bytes of a chunk's name → numbers of the chunks whose names begin so, nearly always one. In random order and
 * therefore kept small; a name found here counts only when the whole name in `places` agrees.
 */
export class NameRows {
  readonly #store: OrderedStore;

  /** @param store - with the table `names` */
  constructor(store: OrderedStore) {
    this.#store = store;
  }

  /**
   * Lists the chunks whose names begin alike.
   * @param name - 8 bytes or more, borrowed
   * @throws DAMAGED
   */
  numbersOf(name: Uint8Array): readonly number[] {
    const prefix = name.subarray(0, prefixBytes);
    const row = this.#store.get('names', prefix);
    if (row === undefined) return none;
    const count = row.length / numberBytes;
    if (!Number.isInteger(count) || count < 1 || count > twinsMax) {
      throw this.damage(name, 'the row has a wrong length');
    }
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.length);
    return Array.from({ length: count }, (_, index) => {
      const number = bytes.readUIntBE(index * numberBytes, numberBytes);
      if (number >= 1 && number <= chunkNumberMax) return number;
      throw this.damage(name, 'a chunk number is out of range');
    });
  }

  /**
   * Makes a row.
   * @param name - 8 bytes or more, copied
   * @param numbers - of all chunks whose names begin so
   */
  write(name: Uint8Array, numbers: readonly number[]): StoreWrite {
    assert(numbers.length <= twinsMax, 'too many chunk names begin alike');
    const bytes = Buffer.allocUnsafe(prefixBytes + numbers.length * numberBytes);
    bytes.set(name.subarray(0, prefixBytes));
    let at = prefixBytes;
    for (const number of numbers) at = bytes.writeUIntBE(number, at, numberBytes);
    return {
      table: 'names',
      key: bytes.subarray(0, prefixBytes),
      value: bytes.subarray(prefixBytes),
    };
  }

  /**
   * @param name - of the row, 8 bytes or more
   * @param reason - what is wrong
   * @returns the DAMAGED error that names the row
   */
  damage(name: Uint8Array, reason: string): Error {
    return indexDamage('names', name.subarray(0, prefixBytes), reason);
  }
}
