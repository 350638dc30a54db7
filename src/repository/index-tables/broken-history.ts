import type { CommitNote } from '../contract.ts';
import type { IndexedDisk } from './indexed-commit.ts';

/**
 * Says that commits of a machine were lost. Nobody knows what they changed, so no later moment of its disks is whole, until
 * a comparison of the whole disk closed the gap: the source tells so by a note.
 */
export interface BrokenHistory {
  /** Numbers of the disks whose gap is closed. */
  readonly mendedDisks: readonly number[];
}

/**
 * Notes what a commit closes.
 * @param history - as it was before the commit
 * @param notes - of the commit
 * @param diskNumber - finds a disk of the machine by name
 * @returns undefined when nothing is broken any more
 */
export function mendedBy(
  history: BrokenHistory | undefined,
  notes: readonly CommitNote[],
  diskNumber: (disk: string) => number | undefined,
): BrokenHistory | undefined {
  if (history === undefined) return undefined;
  const closing = notes.filter(({ kind }) => kind === 'gap' || kind === 'resumed');
  if (closing.some(({ disk }) => disk === undefined)) return undefined;
  const closed = closing.flatMap(({ disk }) => diskNumber(disk ?? '') ?? []);
  return { mendedDisks: [...new Set([...history.mendedDisks, ...closed])] };
}

/**
 * Makes the disks of a commit what they can be trusted for.
 * @param history - with what the commit closes
 * @param disks - as the source says
 */
export function trustedDisks(
  history: BrokenHistory | undefined,
  disks: readonly IndexedDisk[],
): readonly IndexedDisk[] {
  if (history === undefined) return disks;
  return disks.map((part) =>
    history.mendedDisks.includes(part.disk) ? part : { ...part, state: 'filling' },
  );
}
