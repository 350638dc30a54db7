import type { BackingStamp } from './intent-log.ts';
import type { TappedDisk } from './tapped-disk.ts';

/**
 * Closes a disk that nobody writes to any more, and leaves its intent map clean when all of it is stored.
 * @param disk - the disk
 * @param isStored - whether every cut of the machine is stored
 * @throws what the backing or the intent map throws when it is closed
 */
export async function closeTappedDisk(disk: TappedDisk, isStored: boolean): Promise<void> {
  const { tap, intent, storedMicros } = disk;
  const isClean = isStored && isWholeAndSaid(disk) && (await isFlushed(disk));
  try {
    await tap.close();
  } finally {
    // Looked at after closing: nothing of ours changes the backing from here on.
    await intent.close(isClean ? { stamp: await lookAt(disk), storedMicros } : undefined);
  }
}

function isWholeAndSaid({ capture, announced }: TappedDisk): boolean {
  return capture.state === 'whole' && announced === 'whole' && capture.window.isEmpty;
}

/** What the backing could not flush may be lost there: the marked extents are compared at the next start. */
async function isFlushed({ tap }: TappedDisk): Promise<boolean> {
  try {
    await tap.backing.flush();
    return true;
  } catch {
    return false;
  }
}

async function lookAt(disk: TappedDisk): Promise<BackingStamp> {
  return (await disk.stamp?.()) ?? { sizeBytes: 0, modifiedMicros: 0 };
}
