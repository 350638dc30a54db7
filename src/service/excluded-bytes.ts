import { setImmediate as nextTurn } from 'node:timers/promises';
import type { View } from '../repository/index.ts';

/** Asked for at once, bytes: what a view answers in one turn. */
const spanBytes = 1024 * 1024 * 1024;

/**
 * Counts what of a view reads as zeroes because it was excluded.
 * @param view - stays its owner's
 * @param signal - ends it early
 * @throws DAMAGED; the signal's reason
 */
export async function excludedBytesOf(view: View, signal?: AbortSignal): Promise<number> {
  let excludedBytes = 0;
  for (let at = 0; at < view.sizeBytes; ) {
    signal?.throwIfAborted();
    const extents = await view.extents(at, Math.min(spanBytes, view.sizeBytes - at));
    for (const { lengthBytes, isExcluded } of extents) {
      if (isExcluded === true) excludedBytes += lengthBytes;
      at += lengthBytes;
    }
    await nextTurn();
  }
  return excludedBytes;
}
