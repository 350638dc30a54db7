import type { Micros } from '../base/clock.ts';
import { isSecondwindError } from '../base/errors.ts';
import type { Repository, View } from '../repository/index.ts';
import type { FilePlace } from './file-place.ts';

/** Disks of a place, as they stood at a moment. */
export interface OpenedViews {
  /** At least one. */
  readonly opened: readonly View[];
  /** What a person should know: which disks cannot be read at that moment. */
  readonly notes: readonly string[];
}

/**
 * Opens the disks of a place: of a machine those that can be read at the moment, of a single disk that one.
 * @param repository - whose disks
 * @param place - which ones
 * @param askedMicros - the moment
 * @throws NO_POINT_YET, POINT_IN_GAP when none can be read; what opening a view throws
 */
export async function openPlaceViews(
  repository: Repository,
  place: FilePlace,
  askedMicros: Micros,
): Promise<OpenedViews> {
  const opened: View[] = [];
  const notes: string[] = [];
  let failure: unknown;
  for (const disk of place.disks) {
    try {
      opened.push(await repository.openView({ machine: place.machine, disk }, askedMicros));
    } catch (error) {
      const isMissing =
        isSecondwindError(error, 'NO_POINT_YET') || isSecondwindError(error, 'POINT_IN_GAP');
      if (!isMissing) {
        await closeViews(opened);
        throw error;
      }
      failure ??= error;
      notes.push(error.message);
    }
  }
  if (opened.length === 0) throw failure;
  return { opened, notes };
}

/**
 * Closes views.
 * @param views - as they were opened
 */
export async function closeViews(views: readonly View[]): Promise<void> {
  for (const view of views) await view.close();
}
