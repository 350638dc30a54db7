import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { View } from '../../repository/index.ts';
import type { OverlayKeys } from './overlay-keys.ts';

/** Where a writable export keeps its changes, and with whose help. */
export interface OverlayOptions {
  /** What the overlay's files are named after: FOLDER/NAME; not in use by another export. */
  readonly scratchPath: string;
  /** As of FileDiskOptions. */
  readonly clock: Clock;
  /** Makes keys. */
  readonly random: Random;
  /** Guards keys of what is kept. */
  readonly keys: OverlayKeys;
}

/** What to serve. */
export interface ExportOptions {
  /** Disk as it stood; closed with the export. */
  readonly view: View;
  /** For a writable export, and to see what an earlier one kept. */
  readonly overlay?: OverlayOptions | undefined;
}

/** What to serve for reading and writing. */
export interface WritableExportOptions extends ExportOptions {
  readonly overlay: OverlayOptions;
}

/** A view being served. */
export interface Export<Disk extends ReadableDisk = ReadableDisk> {
  /** What clients see. */
  readonly disk: Disk;
  /** Bytes that an earlier export kept over the view. */
  readonly keptBytes: number;
  /** Bytes written or zeroed since it was opened, counted in whole blocks. */
  writtenBytes(): number;
  /**
   * Ends the export; nobody may use the disk any more.
   * @param options - `keep`: what was written is kept under the scratch path, else it is thrown away; what an earlier export
   *   kept there stays kept either way
   * @throws NO_SPACE, IO_FAILED, LIMIT_EXCEEDED when it could not be kept: what an earlier export kept is then still there, and
   *   the export still open, so that keeping can be tried again or given up
   */
  close(options: { readonly keep: boolean }): Promise<void>;
}
