import type { Micros } from '../../base/clock.ts';
import type { DiskState } from '../../repository/index.ts';
import type { FillProgress } from '../capture-status.ts';
import type { DiskCapture } from './disk-capture.ts';
import type { BackingStamp, IntentLog } from './intent-log.ts';
import type { TapDisk } from './tap-disk.ts';

/** One disk of a machine with all that belongs to its capture. */
export interface TappedDisk {
  /** Name on its machine. */
  readonly name: string;
  /** What is served. */
  readonly tap: TapDisk;
  /** What is known of its newest content. */
  readonly capture: DiskCapture;
  /** Its intent map. */
  readonly intent: IntentLog;
  /** Looks at the backing from outside; undefined where nothing can be seen. */
  readonly stamp: (() => Promise<BackingStamp>) | undefined;
  /** State in the newest cut that named the disk; undefined before the first. */
  announced: DiskState | undefined;
  /** State in the newest stored commit that named the disk; undefined before the first. */
  stored: DiskState | undefined;
  /** Time of the newest stored commit with this disk, 0 for none. */
  storedMicros: Micros;
  /** How far the pass under way is; undefined while there is none. */
  progress: FillProgress | undefined;
  /** Pass under way, and what ends it early; undefined while there is none. */
  pass: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
}
