import type { ActionProgress } from './long-action.ts';
import type { AskedMoment, IsoMoment } from './moments.ts';
import type { DiskHealthReport } from './verify/health-report.ts';

/** Where a protected disk's changes come from. */
export type SourceKind = 'tap' | 'image' | 'mirror' | 'device' | 'agent';

/**
 * What a disk is doing. Taps and devices: `protecting`: every write is restorable a moment later; `filling`: its first image, or a
 * comparison after a gap, is under way; `queueing`, `spooling`: the store does not keep up, and writes wait in memory, or
 * on disk too; `gap`: there is no room to wait in, and only places are noted; `paused`: the same, by order.
 * Mirrors and devices: the same, and `away`: the guest or device is not there; it is compared as soon as it is back.
 * Images: `idle`: between scans; `scanning`. All: `failed`: see the reason; `history`: not protected any more.
 */
export type DiskActivity =
  | 'protecting'
  | 'filling'
  | 'queueing'
  | 'spooling'
  | 'gap'
  | 'paused'
  | 'away'
  | 'idle'
  | 'scanning'
  | 'failed'
  | 'history';

/** An order to protect a disk. */
export interface DiskOrder {
  /** Machine the disk belongs to. */
  readonly machine: string;
  /** The disk's own name. */
  readonly disk: string;
  /** Where its changes come from; mirrors and agents are of machines. */
  readonly source: Exclude<SourceKind, 'mirror' | 'agent'>;
  /** Absolute path of the backing (tap), image or device. */
  readonly path: string;
  /** Address the tap serves the disk at: "unix:PATH" or "HOST:PORT"; taps only. */
  readonly listen?: string;
  /** Time between cuts, the same for all disks of a machine, milliseconds; taps and devices only, 1000 when left out. */
  readonly windowMs?: number;
  /** Whether every flush of a client makes a point of its own; taps only. */
  readonly isCutAtFlush?: boolean;
}

/** What waits on its way from a tap to the repository. */
export interface CaptureQueueReport {
  /** Captured from all taps of the machine and waiting in memory, bytes. */
  readonly memoryBytes: number;
  /** The same, waiting in the spool file. */
  readonly spoolBytes: number;
  /** Of this disk only the place is known: to be read and compared, bytes. */
  readonly dirtyBytes: number;
}

/** One disk, as status and list show it. */
export interface DiskReport {
  /** Machine the disk belongs to. */
  readonly machine: string;
  /** The disk's own name. */
  readonly disk: string;
  /** Where its changes come from; left out when it is not protected any more. */
  readonly source?: SourceKind;
  /** Path of the backing or image; of a mirror in the words of the guest's QEMU. */
  readonly path?: string;
  /** Address of the tap. */
  readonly listen?: string;
  /** What it is doing. */
  readonly state: DiskActivity;
  /** Why it failed, or what is odd about it, in words. */
  readonly reason?: string;
  /** Size, bytes; left out while nothing is known. */
  readonly sizeBytes?: number;
  /** First moment that can be restored; left out while there is none. */
  readonly firstPoint?: IsoMoment;
  /** Newest moment that can be restored. */
  readonly lastPoint?: IsoMoment;
  /** Age of the oldest write that is not restorable yet, milliseconds; taps only. */
  readonly lagMs?: number;
  /** What waits to be stored; taps only. */
  readonly queue?: CaptureQueueReport;
  /** Since when the disk cannot be restored, while that lasts. */
  readonly gapSince?: IsoMoment;
  /** How far a first image, comparison or scan has come. */
  readonly progress?: ActionProgress;
  /** Left out by the last scan, because it is excluded, bytes; left out when nothing is excluded. */
  readonly excludedBytes?: number;
  /** Clients connected to the tap. */
  readonly clientCount?: number;
  /** Health at the newest point that was checked; left out: none was. */
  readonly health?: DiskHealthReport;
}

/** What a scan did. */
export interface ScanReport {
  /** Machine the disk belongs to. */
  readonly machine: string;
  /** The disk's own name. */
  readonly disk: string;
  /** The new point. */
  readonly point: IsoMoment;
  /** Size of the image, bytes. */
  readonly sizeBytes: number;
  /** Bytes read and compared; holes are not read. */
  readonly readBytes: number;
  /** Bytes that differed from the point before. */
  readonly changedBytes: number;
  /** Bytes added to the store. */
  readonly storedBytes: number;
  /** Bytes that were left out because they are excluded. */
  readonly excludedBytes: number;
  /** Where nothing was excluded although it should be, and why, as sentences without their end. */
  readonly notes: readonly string[];
  /** Time it took, milliseconds. */
  readonly durationMs: number;
}

/** A bookmark that was set. */
export interface BookmarkReport {
  /** Machine it names a moment of. */
  readonly machine: string;
  /** Its name. */
  readonly name: string;
  /** The moment it names. */
  readonly time: IsoMoment;
}

/** An order to set a bookmark. */
export interface BookmarkOrder {
  /** Its name: letters, digits, dot, dash, underscore. */
  readonly name: string;
  /** The moment; now when left out. */
  readonly at?: AskedMoment;
  /** Whether the guest's agent holds its applications still for it; only for now. */
  readonly isQuiesced?: boolean;
}
