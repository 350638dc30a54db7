import type { ActionContext } from './long-action.ts';
import type { DiskAddress } from './use-cases.ts';

/** What scanning an image found out. */
export interface ScanOutcome {
  /** Time of the new point, microseconds since 1970. */
  readonly pointMicros: number;
  /** Size of the image, bytes. */
  readonly sizeBytes: number;
  /** Bytes read and compared. */
  readonly readBytes: number;
  /** Bytes that differed. */
  readonly changedBytes: number;
  /** Bytes added to the store. */
  readonly storedBytes: number;
}

/**
 * Compares an image with the newest point of a disk and stores what differs.
 * @param name - machine and disk
 * @param path - the image
 * @param action - progress and interruption
 */
export type ImageScanner = (
  name: DiskAddress,
  path: string,
  action: ActionContext,
) => Promise<ScanOutcome>;
