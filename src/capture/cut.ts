import type { Micros } from '../base/clock.ts';
import type { CommitNote, CommitRequest, DiskState } from '../repository/index.ts';

/** Neighbouring blocks that read as zeroes. */
export interface ZeroRun {
  /** Number of the first block. */
  readonly firstBlock: number;
  /** Blocks, 1 or more. */
  readonly blockCount: number;
}

/** What one disk wrote between two cuts. */
export interface DiskCut {
  /** Name of the disk on its machine. */
  readonly disk: string;
  /** Size of the disk, bytes. */
  readonly sizeBytes: number;
  /** How far the disk can be trusted at the cut. */
  readonly state: DiskState;
  /** Numbers of the blocks written with data, ascending. */
  readonly blocks: Float64Array;
  /** Where each of them lies in the pool, in the same order. */
  readonly positions: Int32Array;
  /** What was zeroed, ascending and apart; a block that is in `blocks` too was written afterwards. */
  readonly zeroes: readonly ZeroRun[];
}

/** Everything the disks of one machine wrote between two instants, on its way to becoming a commit. */
export interface Cut {
  /** Position in the order of cuts, from 1. */
  readonly number: number;
  /** The machine. */
  readonly machine: string;
  /** When it was cut, by the wall clock. */
  readonly timeMicros: Micros;
  /** Steady time of the first write in it, milliseconds. */
  readonly oldestMs: number;
  /** What the point is worth to applications. */
  readonly consistency: CommitRequest['consistency'];
  /** Marks for the timeline. */
  readonly notes: readonly CommitNote[];
  /** The disks that changed, or whose state did. */
  readonly disks: readonly DiskCut[];
  /** Slabs that hold the data, each held once by this cut. */
  readonly slabs: readonly number[];
}
