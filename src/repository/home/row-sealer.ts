import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { RowSealer } from '../index-tables/checked-table.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** Seals index rows with AES-256-GCM under random nonces: names and notes are few, far below what random nonces bear. */
export class GcmRowSealer implements RowSealer {
  readonly #key: KeyObject;

  /** @param key - 32 bytes, used for nothing else */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
  }

  /** See RowSealer. */
  seal(plain: Uint8Array, context: Uint8Array): Uint8Array {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(context);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** See RowSealer. */
  open(sealed: Uint8Array, context: Uint8Array): Uint8Array {
    const nonce = sealed.subarray(0, nonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce).setAAD(context);
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const plain = decipher.update(sealed.subarray(nonceBytes + tagBytes));
    return Buffer.concat([plain, decipher.final()]);
  }
}
