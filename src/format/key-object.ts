import { createSecretKey, type KeyObject } from 'node:crypto';

/** Keys kept ready; a reader goes to and fro between a few segments. */
const keysMax = 64;

const known = new Map<string, KeyObject>();

/**
 * Makes a key object of a segment's key. With plain bytes every use of a cipher costs 12 µs more, which is more than it takes
 * to decrypt a block.
 * @param key - 32 bytes, copied
 */
export function keyObjectOf(key: Uint8Array): KeyObject {
  const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
  const ready = known.get(name);
  if (ready !== undefined) return ready;
  const made = createSecretKey(key);
  if (known.size >= keysMax) known.delete(known.keys().next().value ?? '');
  known.set(name, made);
  return made;
}
