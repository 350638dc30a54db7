import type { Cut } from '../cut.ts';
import type { TappedDisk } from './tapped-disk.ts';

/**
 * Marks everything that lost cuts held, so that it is compared again. Done at once, before anything else is cut: a cut after
 * a lost one must not call its disks whole.
 * @param disks - the machine's disks
 * @param cuts - what was lost, oldest first
 * @param error - why
 */
export function reopenLost(
  disks: readonly TappedDisk[],
  cuts: readonly Cut[],
  error: unknown,
): void {
  const text = error instanceof Error ? error.message : String(error);
  const reason = `captured writes could not be stored: ${text}`;
  for (const cut of cuts) {
    for (const diskCut of cut.disks) {
      const disk = disks.find((candidate) => candidate.name === diskCut.disk);
      if (disk === undefined) continue;
      // A cut that would have closed a gap leaves it open.
      const open = cut.notes.find((note) => note.kind === 'gap' && note.disk === diskCut.disk);
      const fromMicros = open?.fromMicros ?? cut.timeMicros;
      disk.capture.reopen(diskCut, { fromMicros, fromMs: cut.oldestMs, reason });
      // The state that the cut would have announced is not known to anybody: the next cut says it again.
      disk.announced = undefined;
    }
  }
}
