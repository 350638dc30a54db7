import type { CipherGCM, DecipherGCM } from 'node:crypto';

/**
 * Encrypted or decrypted in one step, bytes. Every step's result is new memory: from 128 KiB on the allocator asks the kernel
 * for it and gives it back, which costs more than the cipher does.
 */
const stepBytes = 64 * 1024;

/**
 * Encrypts or decrypts into memory that is given; the caller calls `final`.
 * @param cipher - ready for its first byte
 * @param input - plain or sealed bytes
 * @param target - receives as many
 */
export function runCipher(
  cipher: CipherGCM | DecipherGCM,
  input: Uint8Array,
  target: Uint8Array,
): void {
  for (let at = 0; at < input.length; at += stepBytes) {
    target.set(cipher.update(input.subarray(at, at + stepBytes)), at);
  }
}
