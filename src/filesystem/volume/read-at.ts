import type { ReadableDisk } from '../../disk/disk.ts';

/**
 * Reads a structure that may not be there.
 * @param disk - what to read from
 * @param offsetBytes - where, as some field says
 * @param lengthBytes - how much; the caller has bounded it
 * @returns undefined when it does not lie on the disk
 */
export async function readAt(
  disk: ReadableDisk,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Buffer | undefined> {
  const end = offsetBytes + lengthBytes;
  if (!Number.isSafeInteger(end) || offsetBytes < 0 || end > disk.sizeBytes) return undefined;
  const bytes = Buffer.alloc(lengthBytes);
  await disk.read(bytes, offsetBytes);
  return bytes;
}
