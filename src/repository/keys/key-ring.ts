import { hkdfSync } from 'node:crypto';

/** The keys of an open repository, all made from its master key. */
export class KeyRing {
  /** Key of the chunk names, 32 bytes: without it an index tells nothing about content. */
  readonly nameKey: Uint8Array;
  /** Key of the index rows that hold people's words, 32 bytes. */
  readonly indexKey: Uint8Array;
  readonly #masterKey: Uint8Array;

  /** @param masterKey - 32 bytes; kept */
  constructor(masterKey: Uint8Array) {
    this.#masterKey = masterKey;
    this.nameKey = derive(masterKey, new Uint8Array(0), 'secondwind chunk names');
    this.indexKey = derive(masterKey, new Uint8Array(0), 'secondwind index rows');
  }

  /** The master key, to be wrapped into a new slot. */
  get masterKey(): Uint8Array {
    return this.#masterKey;
  }

  /**
   * Makes a segment's own key.
   * @param salt - 32 random bytes from the segment's header
   * @returns 32 bytes
   */
  segmentKey(salt: Uint8Array): Uint8Array {
    return derive(this.#masterKey, salt, 'secondwind segment');
  }

  /**
   * Makes the key of something that lies beside the repository.
   * @param purpose - what it is for; another purpose, another key
   * @param lengthBytes - 1 to 8160
   */
  purposeKey(purpose: string, lengthBytes: number): Uint8Array {
    const words = `secondwind beside: ${purpose}`;
    return derive(this.#masterKey, new Uint8Array(0), words, lengthBytes);
  }
}

/** HKDF with SHA-256, RFC 5869. */
function derive(
  secret: Uint8Array,
  salt: Uint8Array,
  purpose: string,
  lengthBytes: number = 32,
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, purpose, lengthBytes));
}
