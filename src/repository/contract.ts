import type { Micros } from '../base/clock.ts';
import type { Awaitable, ReadableDisk } from '../disk/disk.ts';

/** Name of a disk: the machine it belongs to, and its own name there. Shown as "machine/disk". */
export interface DiskName {
  /** Name of the machine. */
  readonly machine: string;
  /** Name of the disk. */
  readonly disk: string;
}

/** Run of neighbouring changed blocks. */
export interface BlockRun {
  /** Number of the first block on the disk. */
  readonly firstBlock: number;
  /** Blocks in the run, 1 or more. */
  readonly blockCount: number;
  /**
   * New content, blockCount × 4096 bytes in shared memory so that workers need no copy; what lies behind the disk's end
   * is zeroes. Left out: the run reads as zeroes.
   */
  readonly data?: Uint8Array<SharedArrayBuffer>;
  /** The run reads as zeroes because what it holds was excluded, and views say so. Only without data. */
  readonly isExcluded?: true;
}

/**
 * How far a disk can be trusted after a commit.
 * `whole`: every change up to the commit is in the repository; the moment can be restored.
 * `filling`: a first image, a comparison after a gap or a scan is under way; the moment cannot be restored.
 */
export type DiskState = 'whole' | 'filling';

/** What changed on one disk. Runs are sorted by block, and do not overlap. */
export interface DiskChange {
  /** Name of the disk. */
  readonly disk: string;
  /**
   * Size of the disk at the commit, bytes. The blocks by which it has grown are zeroes until a run says otherwise; when it
   * comes to end within a block, that block is in a run, with zeroes behind the end.
   */
  readonly sizeBytes: number;
  readonly state: DiskState;
  readonly runs: readonly BlockRun[];
}

/** Something worth a mark on the timeline that came with a commit. */
export interface CommitNote {
  /** What the note tells. */
  readonly kind: 'bookmark' | 'gap' | 'clock-jump' | 'removed' | 'resumed';
  /** Disk concerned; left out when it is the whole machine. */
  readonly disk?: string;
  /** Words for people, or the bookmark's name. */
  readonly text: string;
  /** First moment the note speaks of, where that is not the commit's own time. */
  readonly fromMicros?: Micros;
}

/** The blocks that changed on one or more disks of one machine between two instants. */
export interface CommitRequest {
  /** Name of the machine. */
  readonly machine: string;
  /** When the commit was cut by the source's clock; the repository makes it later than the machine's earlier ones if it is not. */
  readonly timeMicros: Micros;
  /**
   * Whether applications were quiesced (`application`), the state is as after a power
   * cut (`crash`), or the disk changed while it was read (`fuzzy`).
   */
  readonly consistency: 'crash' | 'application' | 'fuzzy';
  readonly disks: readonly DiskChange[];
  readonly notes?: readonly CommitNote[];
}

/** What became of an appended commit. */
export interface CommitReceipt {
  /** The commit's final time: the moment under which its state is restored. */
  readonly timeMicros: Micros;
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** Bytes of changed blocks, bytes not seen before, bytes added to the store. */
  readonly changedBytes: number;
  readonly newBytes: number;
  readonly storedBytes: number;
}

/** The verb of sources: store a commit. */
export interface CommitSink {
  /**
   * Stores one commit. Ends when it is on stable storage and restorable. Appends of one machine are stored in call order.
   * The memory of the runs is borrowed until the call ends.
   * @throws NO_SPACE or IO_FAILED; nothing of the commit is then visible, and the call may be repeated; LIMIT_EXCEEDED
   */
  append(request: CommitRequest): Promise<CommitReceipt>;
}

/** The verb of targets: one disk as it stood at one moment; read-only. */
export interface View extends ReadableDisk {
  readonly name: DiskName;
  /** Time of the newest commit that the view shows. */
  readonly timeMicros: Micros;
  /**
   * Commits of the machine were lost, and the disk was not compared as a whole since. Only a commit behind such a
   * comparison, with a note `gap` or `resumed` of the disk, makes later moments whole. Left out: no.
   */
  readonly isHistoryBroken?: boolean;
}

/**
 * Tells which blocks of a region differ from what is stored, faster than by reading it: whole chunks are compared by
 * their names.
 */
export interface RegionComparer {
  /**
   * Compares one region; several calls may be under way.
   * @param region - its number on the disk
   * @param content - what it holds now, borrowed until the call ends; its last block may be short
   * @returns one byte per block of the region, not 0 where it differs; what lies beyond the stored disk differs, and so does what was excluded
   * @throws DAMAGED, IO_FAILED
   */
  compare(region: number, content: Uint8Array<SharedArrayBuffer>): Awaitable<Uint8Array>;
}

/** How a view is opened. */
export interface ViewOptions {
  /** Also open a moment that is not whole: for comparing, never for restoring. */
  readonly isFillingAllowed?: boolean;
  /** It will be read through once and not again: what was read makes room at once, and leaves to other views what they keep in memory. */
  readonly isReadOnce?: boolean;
}

/** Where sources learn what is stored already, to store only what differs. */
export interface ViewOpener {
  /**
   * Opens a disk as it stood at a moment.
   * @param name - machine and disk
   * @param atMicros - moment asked for
   * @param options - see ViewOptions
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP
   */
  openView(name: DiskName, atMicros: Micros, options?: ViewOptions): Promise<View>;
}

/** Where sources get a faster comparison than reading a view. */
export interface ComparerOpener {
  /**
   * Makes a comparer.
   * @param view - opened here; stays open until the comparer is no longer used
   */
  openComparer(view: View): RegionComparer;
}
