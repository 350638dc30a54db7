import { SecondwindError } from '../base/errors.ts';
import type { Awaitable, ReadableDisk } from '../disk/disk.ts';

/**
 * Reads content of a file from its volume. Zeroes that stand for what was excluded are no content, and are not passed off as such. Structures
 * are read without this: they are never excluded, and are read together with blocks beside them that may be.
 * @param volume - what is read
 * @param target - filled whole
 * @param offsetBytes - on the volume
 * @throws EXCLUDED; what the volume throws
 */
export function readHeld(
  volume: ReadableDisk,
  target: Uint8Array,
  offsetBytes: number,
): Awaitable<void> {
  const offset = volume.firstExcluded?.(offsetBytes, target.length);
  if (offset !== undefined) throw new SecondwindError('EXCLUDED', { offset });
  return volume.read(target, offsetBytes);
}
