import { blockBytes, intentSweepExtentsMax, regionBytes } from '../../base/limits.ts';
import { intentExtentBytes } from '../../format/intent-map.ts';
import type { TappedDisk } from './tapped-disk.ts';

/** Part of the aim that is left marked by a sweep, so that the next one has something to wait for. */
const keptShare = 0.75;
const blocksPerExtent = intentExtentBytes / blockBytes;
const regionsPerExtent = intentExtentBytes / regionBytes;

/**
 * Clears the extents of a disk that were not written to for the longest time, when more are marked than should be. Only those
 * are cleared whose every write is stored in the repository and, after a flush, on stable storage in the backing.
 * @param disk - the disk
 * @param storedNumber - number of the newest cut that is stored with all before it
 * @param activeAim - extents that may stay marked
 * @returns extents cleared
 * @throws what the backing's flush throws; nothing is cleared then
 */
export async function sweepIntents(
  disk: TappedDisk,
  storedNumber: number,
  activeAim: number,
): Promise<number> {
  const { intent } = disk;
  if (intent.activeCount <= activeAim) return 0;
  const candidates = intent
    .nextActive(intentSweepExtentsMax)
    .filter((extent) => isStored(disk, extent, storedNumber))
    .sort((left, right) => intent.touchedAt(left) - intent.touchedAt(right))
    .slice(0, intent.activeCount - Math.floor(activeAim * keptShare));
  if (candidates.length === 0) return 0;
  await disk.tap.backing.flush();
  // What was written while the flush ran may have missed it; it is in a later cut than those that were stored before.
  const cleared = candidates.filter((extent) => isStored(disk, extent, storedNumber));
  intent.clear(cleared, disk.storedMicros);
  return cleared.length;
}

function isStored(disk: TappedDisk, extent: number, storedNumber: number): boolean {
  const { capture, intent, tap } = disk;
  if (intent.touchedAt(extent) > storedNumber) return false;
  const firstRegion = extent * regionsPerExtent;
  const endRegion = firstRegion + regionsPerExtent;
  if (capture.dirty.hasAny(firstRegion, endRegion)) return false;
  if (capture.pending.hasAny(firstRegion, endRegion)) return false;
  if (capture.watch.hasAny(firstRegion, endRegion)) return false;
  return tap.lock.isFree(extent * blocksPerExtent, (extent + 1) * blocksPerExtent);
}
