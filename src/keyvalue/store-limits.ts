import { strict as assert } from 'node:assert';
import { type StoreWrite, storeKeyBytesMax, storeValueBytesMax } from './ordered-store.ts';

/**
 * Asserts that a key can be stored; our own code builds every key, so a wrong one is a bug.
 * @param key - any bytes
 */
export function assertKey(key: Uint8Array): void {
  assert(key.length > 0 && key.length <= storeKeyBytesMax, 'a key has a length out of range');
}

/**
 * Asserts that a batch can be stored.
 * @param writes - the batch
 */
export function assertWrites(writes: readonly StoreWrite[]): void {
  for (const write of writes) {
    assertKey(write.key);
    assert((write.value?.length ?? 0) <= storeValueBytesMax, 'a value is too long');
  }
}
