import type { Micros } from '../base/clock.ts';
import type { CommitReceipt } from '../repository/index.ts';

/**
 * What capture is doing:
 * `protecting`: every write is restorable a moment later;
 * `filling`: a first image or a comparison after a gap is under way;
 * `queueing`: the repository does not keep up, or fails, and commits wait in memory;
 * `spooling`: they wait on disk too;
 * `gap`: there is no room to wait in; writes go on, and only the regions they touch are noted;
 * `paused`: the same, by request;
 * `away`: the protected system is not there, or writes without our seeing it; it is compared when it comes back.
 */
export type CaptureState =
  | 'protecting'
  | 'filling'
  | 'queueing'
  | 'spooling'
  | 'gap'
  | 'paused'
  | 'away';

/** How far the comparison of a disk has come. */
export interface FillProgress {
  /** Compared so far, bytes. */
  readonly bytesDone: number;
  /** To compare, bytes. */
  readonly bytesTotal: number;
  /** Found different, bytes. */
  readonly bytesChanged: number;
  /** Average, bytes per second. */
  readonly bytesPerSecond: number;
}

/** Capture of one disk. */
export interface DiskCaptureStatus {
  /** Name on its machine. */
  readonly disk: string;
  /** What its capture is doing. */
  readonly state: CaptureState;
  /** Bytes of the regions that must still be compared. */
  readonly dirtyBytes: number;
  /** Extents marked in the intent map: what a crash now would cost is that many times 4 MiB. */
  readonly activeExtents: number;
  /** Since when and why moments cannot be restored; undefined while there is no gap. */
  readonly gap: { readonly fromMicros: Micros; readonly reason: string } | undefined;
  /** Comparison under way; undefined while there is none. */
  readonly progress: FillProgress | undefined;
}

/** Capture of one machine. */
export interface MachineCaptureStatus {
  /** Name of the machine. */
  readonly machine: string;
  /** The least good state that any part is in. */
  readonly state: CaptureState;
  /** Data that waits to be stored, in memory and in the spool, bytes. */
  readonly queueBytes: number;
  /** Part of it that waits in the spool, bytes. */
  readonly spooledBytes: number;
  /** Commits that wait to be stored. */
  readonly queueLength: number;
  /** Age of the oldest write that cannot be restored yet, milliseconds; 0 when all can. */
  readonly lagMs: number;
  /** Why storing or comparing failed the last time; undefined while both work. */
  readonly failure: string | undefined;
  /** Its disks. */
  readonly disks: readonly DiskCaptureStatus[];
}

/** Hears what happens. Called often and within other work: it must be cheap, and not throw. */
export interface CaptureObserver {
  /**
   * The state of a machine has changed.
   * @param status - the new state
   */
  stateChanged?(status: MachineCaptureStatus): void;
  /**
   * A commit was stored.
   * @param machine - name of the machine
   * @param receipt - what became of it
   */
  stored?(machine: string, receipt: CommitReceipt): void;
  /**
   * A comparison has come further.
   * @param disk - name on its machine
   * @param progress - how far
   */
  progressed?(disk: string, progress: FillProgress): void;
}
