import { SecondwindError } from '../base/errors.ts';
import type { Storage } from './storage.ts';

/**
 * Reads a small object whole.
 * @param storage - where it lies
 * @param name - its name
 * @param bytesMax - refused when larger, before anything is allocated
 * @throws NOT_FOUND, IO_FAILED; LIMIT_EXCEEDED
 */
export async function readObject(
  storage: Storage,
  name: string,
  bytesMax: number,
): Promise<Buffer> {
  const reader = await storage.open(name);
  try {
    const sizeBytes = await reader.sizeBytes();
    if (sizeBytes > bytesMax) {
      throw new SecondwindError('LIMIT_EXCEEDED', {
        what: name,
        value: sizeBytes,
        limit: bytesMax,
      });
    }
    const bytes = Buffer.alloc(sizeBytes);
    return bytes.subarray(0, await reader.read(bytes, 0));
  } finally {
    await reader.close();
  }
}
