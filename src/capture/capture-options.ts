import type { Clock, Micros } from '../base/clock.ts';
import type { WritableDisk } from '../disk/disk.ts';
import type { CommitSink, ComparerOpener, ViewOpener } from '../repository/index.ts';
import type { CaptureObserver } from './capture-status.ts';
import type { Spool } from './queue/spool.ts';
import type { RandomFile } from './random-file.ts';
import type { SlabPool } from './slab-pool.ts';
import type { BackingStamp } from './tap/intent-log.ts';

/** Parts and bounds of the capture of one machine. Bounds that are left out come from base/limits.ts. */
export interface MachineCaptureOptions {
  /** Name of the machine. */
  readonly machine: string;
  /** Where commits go. */
  readonly sink: CommitSink;
  /** What is stored already. */
  readonly views: ViewOpener;
  /** A faster way of comparing than reading views. */
  readonly comparers?: ComparerOpener;
  /** Decides the time of cuts and of retries. */
  readonly clock: Clock;
  /** Memory for captured blocks; may be shared by several machines. Left out: one of its own. */
  readonly pool?: SlabPool;
  /** Where commits wait when they take too much memory; closed with the capture. Left out: they stay in memory. */
  readonly spool?: Spool;
  /**
   * The moment up to which everything that was written was told to us, by the wall clock: the time of a cut. Left out: now,
   * since what is captured is captured before it is acknowledged.
   */
  readonly toldMicros?: () => Micros;
  /** Time between cuts, milliseconds. */
  readonly windowMs?: number;
  /** Data in a window before it is cut early, bytes; at most what the pool keeps in reserve. */
  readonly windowBytesMax?: number;
  /** Most bytes per second that a comparison reads; left out: as fast as it goes. */
  readonly resyncBytesPerSecondMax?: number;
  /** Extents of a disk that may stay marked in its intent map. */
  readonly intentActiveAim?: number;
  /** Hears what happens. */
  readonly observer?: CaptureObserver;
}

/** A disk to be captured. */
export interface TappedDiskOptions {
  /** Its name on the machine. */
  readonly disk: string;
  /** Where its data lives; closed when its capture ends. */
  readonly backing: WritableDisk;
  /** Its intent map; closed when its capture ends. */
  readonly intentFile: RandomFile;
  /** Looks at the backing from outside, to find out whether somebody changed it while it was not captured. */
  readonly stamp?: () => Promise<BackingStamp>;
  /** Whether every flush and every forced write makes a point of its own. */
  readonly cutAtEveryFlush?: boolean;
  /** Whether it starts paused. */
  readonly isPaused?: boolean;
  /**
   * Why writes to the backing may be made, or were made, without coming through here. Everything is then compared, and the
   * disk is not captured until `regainSight`.
   */
  readonly unseenReason?: string;
}
