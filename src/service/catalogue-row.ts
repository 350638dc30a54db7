import type { Micros } from '../base/clock.ts';
import type { SourceKind } from './disk-report.ts';

/** A protected disk, as the catalogue keeps it. */
export interface DiskRow {
  /** Machine it belongs to. */
  readonly machine: string;
  /** Its own name. */
  readonly disk: string;
  /** Where its changes come from. */
  readonly source: SourceKind;
  /** Absolute path of the backing or image. */
  readonly path: string;
  /** Address of the tap; empty for an image. */
  readonly listen: string;
  /** Time between cuts, milliseconds; 0 for an image. */
  readonly windowMs: number;
  /** Whether every flush makes a point. */
  readonly isCutAtFlush: boolean;
  /** Whether capturing is paused by order. */
  readonly isPaused: boolean;
}

/** An open view, as the catalogue keeps it. */
export interface ViewRow {
  /** Its name. */
  readonly id: string;
  /** Machine of the disk. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** Moment that was asked for. */
  readonly askedMicros: Micros;
  /** Address it is served at. */
  readonly listen: string;
  /** Whether it has an overlay. */
  readonly isWritable: boolean;
  /** When it was opened. */
  readonly openedMicros: Micros;
}
