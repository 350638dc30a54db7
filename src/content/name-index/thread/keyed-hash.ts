import { Blake3Hasher } from '@napi-rs/blake-hash';

/** Digits of 64 bits. */
const numberDigits = 16;

/** Keyed BLAKE3 of short texts, with one hasher for many: whoever has no key learns nothing from what it gives. */
export class KeyedHash {
  readonly #hasher: Blake3Hasher;

  /** @param key - 32 bytes, used for nothing else */
  constructor(key: Uint8Array) {
    this.#hasher = Blake3Hasher.newKeyed(Buffer.from(key));
  }

  /**
   * First digits of the hash.
   * @param text - lone surrogates count as one and the same
   * @param digits - 1 to 64
   * @returns "0–9a–f"
   */
  digits(text: string, digits: number): string {
    this.#hasher.reset();
    this.#hasher.update(text);
    return this.#hasher.digest('hex').slice(0, digits);
  }

  /**
   * First 64 bits of the hash, as SQLite keeps numbers: with a sign.
   * @param text - as for digits
   */
  number(text: string): bigint {
    return BigInt.asIntN(64, BigInt(`0x${this.digits(text, numberDigits)}`));
  }
}
