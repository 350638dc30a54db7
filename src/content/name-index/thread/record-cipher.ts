import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { SecondwindError } from '../../../base/errors.ts';
import { keyObjectOf } from '../../../format/key-object.ts';
import type { NameRecord } from '../name-record.ts';
import { KeyedHash } from './keyed-hash.ts';

const nonceBytes = 12;
const tagBytes = 16;
/** Nonces drawn at once. */
const drawnNonces = 1024;

type Fields = readonly [
  name: string,
  id: string,
  parent: string,
  kind: NameRecord['kind'],
  sizeBytes: number,
  modifiedMicros: number,
];

/**
 * Seals records with AES-256-GCM under random nonces. Up to 2^32 of them may be made with one key before nonces might repeat (NIST
 * SP 800-38D, section 8.3): four thousand million names.
 */
export class RecordCipher {
  readonly #key: KeyObject;
  readonly #hash: KeyedHash;
  readonly #nonces = Buffer.alloc(drawnNonces * nonceBytes);
  #nextNonce = drawnNonces;

  /**
   * @param key - 32 bytes, used for nothing else
   * @param hashKey - 32 other bytes
   */
  constructor(key: Uint8Array, hashKey: Uint8Array) {
    this.#key = keyObjectOf(key);
    this.#hash = new KeyedHash(hashKey);
  }

  /**
   * Seals a record.
   * @param record - what is kept
   */
  seal(record: NameRecord): Buffer {
    const { name, id, parent, kind, sizeBytes, modifiedMicros } = record;
    const fields: Fields = [name, id, parent, kind, sizeBytes, modifiedMicros];
    const nonce = this.#drawNonce();
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = [cipher.update(JSON.stringify(fields)), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
  }

  /**
   * Opens a record.
   * @param sealed - from the index
   * @throws DAMAGED when it is not what was sealed
   */
  open(sealed: Uint8Array): NameRecord {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, nonceBytes));
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      const plain = decipher.update(sealed.subarray(nonceBytes + tagBytes));
      const text = Buffer.concat([plain, decipher.final()]).toString();
      const [name, id, parent, kind, sizeBytes, modifiedMicros] = JSON.parse(text) as Fields;
      return { name, id, parent, kind, sizeBytes, modifiedMicros };
    } catch (error) {
      const data = { file: 'names.sqlite', reason: 'a record does not open' };
      throw new SecondwindError('DAMAGED', data, error);
    }
  }

  /**
   * A number for the identity of a file that tells nothing about it.
   * @param volume - number of its volume
   * @param id - identity there
   */
  fileKey(volume: number, id: string): bigint {
    return this.#hash.number(`${volume}/${id}`);
  }

  #drawNonce(): Buffer {
    if (this.#nextNonce === drawnNonces) {
      randomFillSync(this.#nonces);
      this.#nextNonce = 0;
    }
    const start = this.#nextNonce * nonceBytes;
    this.#nextNonce += 1;
    return this.#nonces.subarray(start, start + nonceBytes);
  }
}
