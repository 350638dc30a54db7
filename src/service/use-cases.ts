import type { Awaitable } from '../disk/disk.ts';
import type { AgentReport, EnrolmentReport } from './agent-report.ts';
import type { ChangedFilesOrder, ChangedFilesReport, FileChangeReport } from './change-report.ts';
import type { ContentOrder, CopyBatch, CopyListReport, CopyOrder } from './copy-report.ts';
import type {
  BookmarkOrder,
  BookmarkReport,
  DiskOrder,
  DiskReport,
  ScanReport,
} from './disk-report.ts';
import type { ExclusionOrder, ExclusionReport } from './exclusion-report.ts';
import type { FileOrder, FileReport, FilesOrder, ListingReport } from './file-report.ts';
import type { AddedKeyReport, KeyOrder, KeyReport } from './key-report.ts';
import type { ActionContext, BatchAction } from './long-action.ts';
import type { GuestOrder, MachineReport } from './machine-report.ts';
import type { AskedMoment } from './moments.ts';
import type {
  MountOrder,
  MountReport,
  OpenedShareReport,
  ShareOrder,
  ShareReport,
} from './mount-report.ts';
import type { NameOrder, NameReport, NamesReport } from './name-report.ts';
import type { CheckFindings, RebuildReport, StatsReport } from './repository-report.ts';
import type { RestoreOrder, RestorePlanReport, RestoreReport } from './restore-report.ts';
import type { StatusReport } from './status-report.ts';
import type {
  ChangesOrder,
  ChangesReport,
  TimelineQuestion,
  TimelineReport,
} from './timeline-report.ts';
import type { HealthScheduleOrder, HealthScheduleReport } from './verify/health-report.ts';
import type { VerifyReport } from './verify/verify-report.ts';
import type { VersionsOrder, VersionsReport } from './version-report.ts';
import type { ViewClosing, ViewOrder, ViewReport } from './view-report.ts';

/** A disk and its machine, by name. */
export interface DiskAddress {
  /** The machine. */
  readonly machine: string;
  /** The disk's own name. */
  readonly disk: string;
}

/** Protecting disks. */
export interface DiskCases {
  /** Every disk that is protected or has history, in order of name. */
  list(): readonly DiskReport[];
  /**
   * Begins to protect a disk. A tap serves at once and takes its first image behind the back of its clients.
   * @throws ALREADY_EXISTS, NOT_A_DISK, IN_USE, USAGE, IO_FAILED
   */
  add(order: DiskOrder): Promise<DiskReport>;
  /**
   * Stops capturing; a tap goes on serving. The gap stands on the timeline.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK
   */
  pause(name: DiskAddress): Promise<DiskReport>;
  /**
   * Captures again, after comparing what may have changed; also tries again what failed.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NOT_A_DISK, IN_USE, IO_FAILED
   */
  resume(name: DiskAddress): Promise<DiskReport>;
  /**
   * Ends the protection. What was stored stays.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK; IN_USE while clients are connected to the tap
   */
  remove(name: DiskAddress): Promise<DiskReport>;
  /**
   * Compares an image with its newest point and stores what differs.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, USAGE, IN_USE, NOT_A_DISK, IO_FAILED, NO_SPACE, INTERRUPTED
   */
  scan(name: DiskAddress, action: ActionContext): Promise<ScanReport>;
}

/** Leaving out what need not be stored. */
export interface ExclusionCases {
  /**
   * What is excluded of a disk, and what that came to at its last scan.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK
   */
  show(name: DiskAddress): Promise<ExclusionReport>;
  /**
   * Replaces what is excluded, from the next scan on; older points stay as they are.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK; USAGE for a disk that is not scanned, and paths that cannot be meant
   */
  change(name: DiskAddress, order: ExclusionOrder): Promise<ExclusionReport>;
}

/** Protecting running guests from outside, and knowing which machines are one server. */
export interface MachineCases {
  /** Every machine that is protected or has history, those of one server together. */
  list(): readonly MachineReport[];
  /**
   * Begins to protect a running guest: its disks are mirrored as they are written, and their first images are taken.
   * @throws ALREADY_EXISTS, GUEST_UNREACHABLE, GUEST_REFUSED, NOT_FOUND, USAGE, LIMIT_EXCEEDED, IO_FAILED
   */
  protect(order: GuestOrder): Promise<MachineReport>;
  /**
   * Ends the protection; the guest runs on, and what was stored stays.
   * @throws NOT_FOUND, IO_FAILED
   */
  unprotect(machine: string): Promise<MachineReport>;
  /**
   * Notes that two machines are one server, seen from outside and from inside.
   * @returns all machines of that server
   * @throws UNKNOWN_MACHINE, USAGE
   */
  link(machine: string, other: string): readonly MachineReport[];
  /**
   * Makes a machine a server of its own again.
   * @throws UNKNOWN_MACHINE
   */
  unlink(machine: string): readonly MachineReport[];
}

/** Machines that send their commits themselves. */
export interface AgentCases {
  /** Every machine with an agent, in order of name. */
  list(): readonly AgentReport[];
  /**
   * Gives out a code with which the agent of a machine can be enrolled, once and within an hour. An agent that is enrolled already stays so until the
   * code is used.
   * @throws USAGE also when the server does not listen for agents, ALREADY_EXISTS
   */
  enrol(machine: string): EnrolmentReport;
  /**
   * Admits the agent of a machine no more; its connection ends at once, its points remain.
   * @throws NOT_FOUND, IO_FAILED, NO_SPACE
   */
  revoke(machine: string): Promise<AgentReport>;
}

/** Looking at history. */
export interface HistoryCases {
  /** Points, gaps and marks. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, TIME_NOT_UNDERSTOOD */
  timeline(question: TimelineQuestion): Promise<TimelineReport>;
  /**
   * Names a moment.
   * @throws UNKNOWN_MACHINE, ALREADY_EXISTS, TIME_IN_FUTURE, NO_POINT_YET, NOT_QUIESCED, NOT_CAPTURED
   */
  bookmark(machine: string, order: BookmarkOrder): Promise<BookmarkReport>;
  /** Which ranges differ between two moments. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP, INTERRUPTED */
  changes(name: DiskAddress, order: ChangesOrder, action: ActionContext): Promise<ChangesReport>;
}

/** Bringing disks back. */
export interface RestoreCases {
  /**
   * Tells what an in-place restore would write.
   * @throws as restore, but writes nothing
   */
  plan(order: RestoreOrder, action: ActionContext): Promise<RestorePlanReport>;
  /**
   * Writes a disk as it stood at a moment.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP, TIME_IN_FUTURE; REFUSED, TARGET_TOO_SMALL, NOT_A_DISK;
   *   DAMAGED, IO_FAILED, NO_SPACE, INTERRUPTED
   */
  restore(order: RestoreOrder, action: ActionContext): Promise<RestoreReport>;
}

/** Where the content of a file goes. */
export interface ContentSink {
  /** Told once, before the first piece; the size is undefined where it is not known. */
  begin(sizeBytes: number | undefined): Awaitable<void>;
  /** Takes a piece, in order; waits while its reader does not keep up. The bytes are borrowed until the call ends. */
  write(bytes: Uint8Array): Awaitable<void>;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/**
 * Looking at the files on disks, as they stood at a moment. All throw USAGE, UNKNOWN_MACHINE, UNKNOWN_DISK, NOT_FOUND, NO_POINT_YET, POINT_IN_GAP,
 * TIME_IN_FUTURE, TIME_NOT_UNDERSTOOD, CANNOT_LOOK_INSIDE, FILE_SYSTEM_DAMAGED, DAMAGED, INTERRUPTED.
 */
export interface FileCases {
  /**
   * Lists a directory, or shows one file, in batches.
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY
   */
  list(order: FileOrder, action: BatchAction<readonly FileReport[]>): Promise<ListingReport>;
  /**
   * Reads a file from its beginning to its end.
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY, NOT_A_FILE
   */
  read(order: FileOrder, sink: ContentSink): Promise<void>;
}

/** Copying files out. All throw what FileCases do. */
export interface CopyCases {
  /**
   * Lists all that some paths name, with everything but contents, in batches.
   * @throws NO_SUCH_FILE, NOT_A_DIRECTORY
   */
  list(order: CopyOrder, action: BatchAction<CopyBatch>): Promise<CopyListReport>;
  /** Sends contents as frames: see ContentFrame. What fails for one file is told in its frame. */
  contents(order: ContentOrder, sink: ContentSink): Promise<void>;
}

/** Finding the versions of a file. */
export interface VersionCases {
  /**
   * Every version of a file over its whole history.
   * @throws NO_SUCH_FILE when it never was there, and what FileCases throw
   */
  versions(order: VersionsOrder, action: ActionContext): Promise<VersionsReport>;
}

/** Finding which files changed between two moments. */
export interface ChangedFileCases {
  /**
   * Which files were created, changed, renamed or deleted between two moments, at and below a path, in no order. A volume that cannot be read at
   * both is told in the notes.
   * @throws USAGE when the moments are the wrong way round, LIMIT_EXCEEDED for more names than can be compared, NO_SUCH_FILE when the path was there at
   *   neither, and what FileCases throw
   */
  changed(
    order: ChangedFilesOrder,
    action: BatchAction<readonly FileChangeReport[]>,
  ): Promise<ChangedFilesReport>;
}

/** Checking the health of points. */
export interface VerifyCases {
  /**
   * Walks the structures of every file system at a moment, and has the system's own programs check them too. The result is
   * remembered, and stands on the timeline.
   * @throws USAGE, UNKNOWN_MACHINE, UNKNOWN_DISK, NOT_FOUND, NO_POINT_YET, POINT_IN_GAP, TIME_IN_FUTURE, TIME_NOT_UNDERSTOOD, DAMAGED,
   *   IO_FAILED, NO_SPACE, INTERRUPTED
   */
  verify(order: FilesOrder, action: ActionContext): Promise<VerifyReport>;
}

/** Health checks that run by themselves, one at a time, when something was captured since the last one. */
export interface HealthScheduleCases {
  /** Every one, in order of place. */
  list(): readonly HealthScheduleReport[];
  /**
   * Has a machine or disk checked by itself from now on, or at another rhythm.
   * @throws USAGE, UNKNOWN_MACHINE, UNKNOWN_DISK, LIMIT_EXCEEDED, IO_FAILED, NO_SPACE
   */
  set(order: HealthScheduleOrder): HealthScheduleReport;
  /**
   * Has it no longer checked by itself; its results stay.
   * @param where - as it was ordered
   * @throws NOT_FOUND, IO_FAILED, NO_SPACE
   */
  end(where: string): HealthScheduleReport;
}

/** Mounting the files of all machines at all times. */
export interface MountCases {
  /** Every mount, oldest first. */
  list(): readonly MountReport[];
  /**
   * Mounts machine → time → files on a folder, read-only, by the kernel. It ends with the server.
   * @throws ALREADY_EXISTS, LIMIT_EXCEEDED, USAGE, IO_FAILED
   */
  mount(order: MountOrder): Promise<MountReport>;
  /**
   * Ends a mount.
   * @param folder - where it is mounted
   * @param isForced - also while programs use it
   * @throws NOT_FOUND, IO_FAILED
   */
  unmount(folder: string, isForced: boolean): Promise<MountReport>;
}

/** Serving the files of all machines at all times over WebDAV. */
export interface ShareCases {
  /** Every endpoint, oldest first. */
  list(): readonly ShareReport[];
  /**
   * Opens an endpoint on this machine. It ends with the server.
   * @throws USAGE also for an address that others can reach, IN_USE, LIMIT_EXCEEDED, IO_FAILED
   */
  open(order: ShareOrder): Promise<OpenedShareReport>;
  /**
   * Ends an endpoint.
   * @param listen - "HOST:PORT"
   * @throws NOT_FOUND
   */
  end(listen: string): Promise<ShareReport>;
}

/** Finding files by their names, over all machines and all times. */
export interface NameCases {
  /**
   * Finds names, in batches.
   * @throws DAMAGED, TIME_NOT_UNDERSTOOD; with `isRefreshed` IO_FAILED, NO_SPACE
   */
  find(order: NameOrder, action: BatchAction<readonly NameReport[]>): Promise<NamesReport>;
}

/** Disks that are open as they stood at a moment. */
export interface ViewCases {
  /** Every open view, oldest first. */
  list(): readonly ViewReport[];
  /**
   * Serves a disk as it stood at a moment.
   * @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET, POINT_IN_GAP, TIME_IN_FUTURE, IN_USE, USAGE, LIMIT_EXCEEDED
   */
  open(order: ViewOrder): Promise<ViewReport>;
  /**
   * Ends a view; what was written to it is thrown away, or written with the whole disk to a new file first.
   * @throws NOT_FOUND; with `keepAs` ALREADY_EXISTS, IO_FAILED, NO_SPACE, INTERRUPTED
   */
  close(id: string, closing: ViewClosing, action: ActionContext): Promise<ViewReport>;
}

/** Caring for the store. */
export interface StoreCases {
  /** Sizes. */
  stats(): Promise<StatsReport>;
  /**
   * Looks for damage; never changes anything.
   * @param contentShare - part of the content that is read: 0 (structure only) to 1 (all)
   * @throws INTERRUPTED
   */
  check(contentShare: number, action: ActionContext): Promise<CheckFindings>;
  /** Builds the indexes anew from the segments. @throws INTERRUPTED, IO_FAILED, NO_SPACE */
  rebuild(action: ActionContext): Promise<RebuildReport>;
}

/** The keys that open the repository. */
export interface KeyCases {
  /** All slots, without their secrets. */
  list(): Promise<readonly KeyReport[]>;
  /** Adds a slot. @throws USAGE, LIMIT_EXCEEDED */
  add(order: KeyOrder): Promise<AddedKeyReport>;
  /** Removes a slot. @throws NOT_FOUND, LAST_KEY */
  remove(id: string): Promise<KeyReport>;
}

/** Decoding what is stored, for people who look for a bug. */
export interface DebugCases {
  /** One segment's header, footer and entries. @throws NOT_FOUND, DAMAGED */
  segment(segment: number): Promise<unknown>;
  /** One commit record. @throws UNKNOWN_MACHINE, NOT_FOUND, DAMAGED */
  commit(machine: string, sequence: number): Promise<unknown>;
  /** What the timeline says of one region of a disk. @throws UNKNOWN_MACHINE, UNKNOWN_DISK, NO_POINT_YET */
  region(name: DiskAddress, region: number, at: AskedMoment): Promise<unknown>;
  /** Where a chunk lies. @throws NOT_FOUND */
  chunk(nameHex: string): Promise<unknown>;
}

/** Everything people can ask of a server, in their words. */
export interface UseCases {
  /** The server, at a glance. */
  status(): StatusReport;
  /** Protecting disks. */
  readonly disks: DiskCases;
  /** Leaving out what need not be stored. */
  readonly exclusions: ExclusionCases;
  /** Protecting running guests. */
  readonly machines: MachineCases;
  /** Machines that send themselves. */
  readonly agents: AgentCases;
  /** Looking at history. */
  readonly history: HistoryCases;
  /** Bringing disks back. */
  readonly restores: RestoreCases;
  /** Looking at files. */
  readonly files: FileCases;
  /** Copying files out. */
  readonly copies: CopyCases;
  /** Finding the versions of a file. */
  readonly fileVersions: VersionCases;
  /** Finding which files changed. */
  readonly changedFiles: ChangedFileCases;
  /** Checking their health. */
  readonly health: VerifyCases;
  /** Checking it now and then. */
  readonly healthSchedules: HealthScheduleCases;
  /** Mounting files. */
  readonly mounts: MountCases;
  /** Sharing files. */
  readonly shares: ShareCases;
  /** Finding files by name. */
  readonly names: NameCases;
  /** Opening disks as they were. */
  readonly views: ViewCases;
  /** Caring for the store. */
  readonly store: StoreCases;
  /** Who can open it. */
  readonly keys: KeyCases;
  /** Looking inside. */
  readonly debug: DebugCases;
}
