import { createHmac, webcrypto } from 'node:crypto';

/**
 * The keyed hash of the exchange, HMAC-SHA-256: names chunks and compares regions. Its key is made by the sender and belongs to
 * one machine, so equal content of two machines has nothing in common on the wire.
 * @param key - 32 bytes
 * @param content - borrowed
 * @returns 32 bytes
 */
export function keyedHash(key: Uint8Array, content: Uint8Array): Buffer {
  return createHmac('sha256', key).update(content).digest();
}

/** The same hash in the thread pool, for a side whose event loop serves disks. */
export class KeyedHasher {
  readonly #key: Promise<webcrypto.CryptoKey>;

  /** @param key - 32 bytes, copied */
  constructor(key: Uint8Array) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const copy = Uint8Array.from(key);
    this.#key = webcrypto.subtle.importKey('raw', copy, algorithm, false, ['sign']);
  }

  /**
   * Hashes.
   * @param content - borrowed until the call ends; not in shared memory
   * @returns 32 bytes
   */
  async hash(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return new Uint8Array(await webcrypto.subtle.sign('HMAC', await this.#key, content));
  }
}
