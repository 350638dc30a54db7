import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { blockBytes } from '../../base/limits.ts';
import { isAllZero } from '../../disk/zeroes.ts';

/** Size of a cipher's key, bytes: two AES-256 keys. */
export const blockKeyBytes = 64;

/**
 * Encrypts blocks of a scratch file with AES-256-XTS, as disk encryption does: each block on its own, at its own size, so
 * that any block can be rewritten in place. A block of zeroes stays one, so that holes stay holes.
 * @source IEEE 1619: the tweak is the block's number, little-endian
 */
export class BlockCipher {
  readonly #key: Uint8Array;
  readonly #tweak = Buffer.alloc(16);

  /** @param key - blockKeyBytes of random bytes; its halves must differ */
  constructor(key: Uint8Array) {
    assert.equal(key.length, blockKeyBytes);
    this.#key = key;
  }

  /**
   * Encrypts blocks.
   * @param plain - whole blocks
   * @param firstBlock - number of the first one
   * @param target - as long as `plain`; may be the same memory
   */
  encrypt(plain: Uint8Array, firstBlock: number, target: Uint8Array): void {
    for (let at = 0; at < plain.length; at += blockBytes) {
      const block = plain.subarray(at, at + blockBytes);
      if (isAllZero(block)) target.fill(0, at, at + blockBytes);
      else target.set(this.#cipher('encrypt', firstBlock + at / blockBytes).update(block), at);
    }
  }

  /**
   * Decrypts blocks in place.
   * @param blocks - whole blocks
   * @param firstBlock - number of the first one
   */
  decrypt(blocks: Uint8Array, firstBlock: number): void {
    for (let at = 0; at < blocks.length; at += blockBytes) {
      const block = blocks.subarray(at, at + blockBytes);
      if (isAllZero(block)) continue;
      block.set(this.#cipher('decrypt', firstBlock + at / blockBytes).update(block));
    }
  }

  #cipher(
    direction: 'encrypt' | 'decrypt',
    block: number,
  ): ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv> {
    this.#tweak.writeUInt32LE(block % 2 ** 32, 0);
    this.#tweak.writeUInt32LE(Math.floor(block / 2 ** 32), 4);
    const create = direction === 'encrypt' ? createCipheriv : createDecipheriv;
    return create('aes-256-xts', this.#key, this.#tweak);
  }
}
