import { strict as assert } from 'node:assert';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import {
  captureMemoryBytesMax,
  cutQueueMax,
  intentActiveAim,
  slabBytes,
  windowBytesMax,
} from '../base/limits.ts';
import type { WritableDisk } from '../disk/disk.ts';
import type {
  CommitNote,
  CommitReceipt,
  CommitRequest,
  CommitSink,
  ViewOpener,
} from '../repository/contract.ts';
import type { CaptureObserver, CaptureState, MachineCaptureStatus } from './capture-status.ts';
import type { Cut } from './cut.ts';
import { describeStatus } from './describe-status.ts';
import { CutQueue } from './queue/cut-queue.ts';
import type { Spool } from './queue/spool.ts';
import type { RandomFile } from './random-file.ts';
import type { ComparerOpener } from './region-compare.ts';
import { SlabPool } from './slab-pool.ts';
import type { BackingStamp } from './tap/intent-log.ts';
import { sweepIntents } from './tap/intent-sweep.ts';
import { openTappedDisk } from './tap/open-tapped-disk.ts';
import { ResyncLoop } from './tap/resync-loop.ts';
import type { TapDisk } from './tap/tap-disk.ts';
import type { TappedDisk } from './tap/tapped-disk.ts';
import { WindowCutter } from './tap/window-cutter.ts';

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
}

/** What a point that is asked for carries. */
export interface CutRequest {
  /** Marks for the timeline: a bookmark. */
  readonly notes?: readonly CommitNote[];
  /** `application` when the applications were quiesced. */
  readonly consistency?: CommitRequest['consistency'];
}

const windowMsDefault = 1_000;
const sweepMs = 1_000;
const drainMsDefault = 30_000;
/** Cuts that may wait before a comparison holds back what it finds. */
const resyncQueueMax = 2;
const pressureRetryMs = 20;
/** Room in the queue for the cuts that announce a gap. */
const queueReserve = 64;

/**
 * Makes a pool for the capture of one machine, or of several.
 * @param memoryBytesMax - all its memory, bytes
 */
export function createCapturePool(memoryBytesMax: number = captureMemoryBytesMax): SlabPool {
  return new SlabPool({ memoryBytesMax, reserveBytes: windowBytesMax + 4 * slabBytes });
}

/**
 * Captures all tapped disks of one machine: cuts them at one instant, stores the cuts in order, and never makes a write
 * wait for the repository. What cannot be captured is noted and compared later; the timeline shows it.
 */
export class MachineCapture {
  readonly #options: MachineCaptureOptions;
  readonly #pool: SlabPool;
  readonly #queue: CutQueue;
  readonly #cutter: WindowCutter;
  readonly #resync: ResyncLoop;
  readonly #closing = new AbortController();
  readonly #loops: Promise<void>[];
  #isGap = false;
  #leavingGap: Promise<void> | undefined;
  #resyncFailure: unknown;
  #sweepFailure: unknown;
  #reported: CaptureState | undefined;

  /** @param options - see MachineCaptureOptions */
  constructor(options: MachineCaptureOptions) {
    this.#options = options;
    this.#pool = options.pool ?? createCapturePool();
    this.#queue = this.#createQueue();
    this.#cutter = this.#createCutter();
    this.#resync = this.#createResync();
    this.#loops = [
      this.#repeat(options.windowMs ?? windowMsDefault, () => {
        this.#cutter.cut();
        this.#report();
      }),
      this.#repeat(sweepMs, () => this.#sweep()),
    ];
  }

  /** What capture is doing now. */
  get status(): MachineCaptureStatus {
    return describeStatus({
      machine: this.#options.machine,
      disks: this.#cutter.disks,
      queue: this.#queue,
      isGap: this.#isGap,
      windowOldestMs: this.#cutter.oldestMs,
      nowMs: this.#options.clock.steadyMs(),
      failure: this.#queue.failure ?? this.#resyncFailure ?? this.#sweepFailure,
    });
  }

  /**
   * Takes up a disk. It is captured from now on; what may differ from what is stored is compared in the background.
   * @param options - see TappedDiskOptions; backing and file stay the caller's when this fails
   * @returns the disk to serve
   * @throws ALREADY_EXISTS; NO_SPACE or IO_FAILED when the intent map cannot be used or the repository not be read
   */
  async addDisk(options: TappedDiskOptions): Promise<TapDisk> {
    const { machine, views, clock } = this.#options;
    if (this.#find(options.disk) !== undefined) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'tapped disk', name: options.disk });
    }
    const cutter = this.#cutter;
    const disk = await openTappedDisk({ ...options, machine, views, clock, cutter });
    cutter.disks.push(disk);
    if (options.isPaused === true) disk.capture.isPaused = true;
    this.#setMode(disk);
    cutter.cut();
    this.#resync.wake();
    this.#report();
    return disk.tap;
  }

  /**
   * Ends the capture of a disk and closes it. Its intent map then says nothing any more and is the caller's to delete.
   * @param name - name of the disk
   * @throws UNKNOWN_DISK; what the backing throws when it is closed
   */
  async removeDisk(name: string): Promise<void> {
    const disk = this.#get(name);
    await disk.tap.quiesce();
    const note: CommitNote = { kind: 'removed', disk: name, text: 'capture was removed' };
    this.#cutter.cut({ notes: [note], consistency: 'crash', isForced: true });
    this.#cutter.disks.splice(this.#cutter.disks.indexOf(disk), 1);
    disk.pass?.stop.abort();
    await Promise.allSettled([disk.pass?.ended]);
    this.#report();
    await disk.intent.close();
    await disk.tap.close();
  }

  /**
   * Stops capturing a disk: its writes go on, and only where they go is noted.
   * @param name - name of the disk
   * @throws UNKNOWN_DISK
   */
  pauseDisk(name: string): void {
    const disk = this.#get(name);
    disk.capture.isPaused = true;
    this.#setMode(disk);
    this.#report();
  }

  /**
   * Captures a paused disk again, and compares what was written meanwhile.
   * @param name - name of the disk
   * @throws UNKNOWN_DISK
   */
  resumeDisk(name: string): void {
    const disk = this.#get(name);
    disk.capture.isPaused = false;
    this.#setMode(disk);
    this.#resync.wake();
    this.#report();
  }

  /**
   * Makes a point of this instant, also when nothing was written.
   * @param request - see CutRequest
   * @returns when the point can be restored
   * @throws NOT_CAPTURED when a disk of the machine is not whole now, or the point could not be stored
   */
  async cutNow(request: CutRequest = {}): Promise<CommitReceipt> {
    const { machine } = this.#options;
    const unfit = this.#cutter.disks.find((disk) => disk.capture.state !== 'whole');
    if (unfit !== undefined || this.#cutter.disks.length === 0) {
      const reason = unfit === undefined ? 'it has no disk' : `${unfit.name} is not whole`;
      throw new SecondwindError('NOT_CAPTURED', { machine, reason });
    }
    const notes = request.notes ?? [];
    const consistency = request.consistency ?? 'crash';
    const number = this.#cutter.cut({ notes, consistency, isForced: true });
    const receipt = await this.#queue.settled(number);
    if (receipt !== undefined) return receipt;
    throw new SecondwindError('NOT_CAPTURED', { machine, reason: 'the point was not stored' });
  }

  /**
   * Ends capture: waits for what is under way and stores what was captured. Disks of which everything is stored are
   * marked clean; the others are compared at the next start.
   * @param options - `drainMs`: longest wait for the repository, milliseconds
   * @throws what a backing or an intent map throws when it is closed, after all were closed
   */
  async close(options: { readonly drainMs?: number } = {}): Promise<void> {
    await this.#resync.close();
    await Promise.all(this.#cutter.disks.map((disk) => disk.tap.quiesce()));
    const number = this.#cutter.cut();
    const patience = new AbortController();
    const { clock } = this.#options;
    const giveUp = clock.sleep(options.drainMs ?? drainMsDefault, patience.signal).then(
      () => patience.abort(),
      () => undefined,
    );
    await this.#queue.settled(number, patience.signal);
    patience.abort();
    await giveUp;
    this.#closing.abort();
    await Promise.all(this.#loops);
    const isStored = this.#queue.length === 0;
    await this.#queue.close();
    await this.#leavingGap;
    const closings = this.#cutter.disks.map((disk) => closeDisk(disk, isStored));
    this.#cutter.arena.rest();
    for (const outcome of await Promise.allSettled(closings)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  #createQueue(): CutQueue {
    const { sink, clock, spool } = this.#options;
    return new CutQueue({
      ...{ sink, clock, pool: this.#pool, spillBytes: this.#pool.captureBytesMax / 2 },
      ...(spool === undefined ? {} : { spool }),
      listener: {
        stored: (cut, receipt) => this.#noteStored(cut, receipt),
        lost: (cuts, error) => this.#noteLost(cuts, error),
        changed: () => this.#report(),
      },
    });
  }

  #createCutter(): WindowCutter {
    const { machine, clock } = this.#options;
    return new WindowCutter({
      ...{ machine, clock, pool: this.#pool },
      windowBytesMax: this.#options.windowBytesMax ?? windowBytesMax,
      push: (cut) => {
        this.#queue.push(cut);
        if (this.#queue.length >= cutQueueMax - queueReserve) {
          this.#enterGap('too many commits wait to be stored');
        }
      },
      memoryExhausted: () => this.#enterGap('there was no room for captured writes'),
      dirty: () => {
        this.#resync.wake();
        this.#report();
      },
    });
  }

  #createResync(): ResyncLoop {
    const { machine, views, comparers, clock, observer } = this.#options;
    return new ResyncLoop({
      ...{ machine, views, comparers, clock, cutter: this.#cutter },
      bytesPerSecondMax: this.#options.resyncBytesPerSecondMax,
      settled: (number, signal) => this.#queue.settled(number, signal),
      room: (signal) => this.#room(signal),
      progressed: (disk, progress) => observer?.progressed?.(disk.name, progress),
      settledPass: (error) => {
        this.#resyncFailure = error;
        this.#report();
      },
    });
  }

  get #isCrowded(): boolean {
    return this.#pool.usedBytes > this.#pool.captureBytesMax / 2;
  }

  /** Waits while what a comparison finds would only queue up before the guest's writes. */
  async #room(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isGap) {
      if (!this.#isCrowded && this.#queue.length <= resyncQueueMax) return;
      if (this.#isCrowded) this.#cutter.cut();
      const head = this.#queue.headNumber;
      if (head === undefined) await this.#pause(pressureRetryMs, signal);
      else await this.#queue.settled(head, signal);
    }
  }

  #enterGap(reason: string): void {
    if (this.#isGap) return;
    this.#isGap = true;
    for (const disk of this.#cutter.disks) this.#setMode(disk, reason);
    this.#leavingGap = this.#leaveGap();
    this.#report();
  }

  async #leaveGap(): Promise<void> {
    const { signal } = this.#closing;
    do {
      await this.#queue.settled(this.#cutter.cutNumber - 1, signal);
      await this.#pause(pressureRetryMs, signal);
    } while (!signal.aborted && (this.#queue.length > 0 || this.#isCrowded));
    if (signal.aborted) return;
    this.#isGap = false;
    for (const disk of this.#cutter.disks) this.#setMode(disk);
    this.#resync.wake();
    this.#report();
  }

  #setMode(disk: TappedDisk, reason = 'there was no room for captured writes'): void {
    if (disk.capture.isPaused) disk.capture.beginMarking('capture was paused');
    else if (this.#isGap) disk.capture.beginMarking(reason);
    else disk.capture.mode = 'capturing';
  }

  #noteStored(cut: Cut, receipt: CommitReceipt): void {
    for (const diskCut of cut.disks) {
      const disk = this.#find(diskCut.disk);
      if (disk !== undefined) disk.storedMicros = receipt.timeMicros;
    }
    this.#options.observer?.stored?.(this.#options.machine, receipt);
    this.#report();
  }

  #noteLost(cuts: readonly Cut[], error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    const reason = `captured writes could not be stored: ${text}`;
    for (const cut of cuts) {
      for (const diskCut of cut.disks) {
        // A cut that would have closed a gap leaves it open.
        const open = cut.notes.find((note) => note.kind === 'gap' && note.disk === diskCut.disk);
        const fromMicros = open?.fromMicros ?? cut.timeMicros;
        const gap = { fromMicros, fromMs: cut.oldestMs, reason };
        const disk = this.#find(diskCut.disk);
        if (disk === undefined) continue;
        disk.capture.reopen(diskCut, gap);
        // The state that the cut would have announced is not known to anybody: the next cut says it again.
        disk.announced = undefined;
      }
    }
    this.#cutter.cut();
    this.#resync.wake();
    this.#report();
  }

  async #sweep(): Promise<void> {
    const aim = this.#options.intentActiveAim ?? intentActiveAim;
    this.#sweepFailure = undefined;
    for (const disk of [...this.#cutter.disks]) {
      try {
        await sweepIntents(disk, this.#queue.settledNumber, aim);
      } catch (error) {
        this.#sweepFailure = error;
      }
    }
  }

  async #repeat(intervalMs: number, action: () => void | Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    while (await this.#pause(intervalMs, signal)) await action();
  }

  /** @returns whether the time has passed; false when the signal came first */
  async #pause(durationMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.clock.sleep(durationMs, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #report(): void {
    const { observer } = this.#options;
    if (observer?.stateChanged === undefined) return;
    const { status } = this;
    if (status.state === this.#reported) return;
    this.#reported = status.state;
    observer.stateChanged(status);
  }

  #find(name: string): TappedDisk | undefined {
    return this.#cutter.disks.find((disk) => disk.name === name);
  }

  #get(name: string): TappedDisk {
    const disk = this.#find(name);
    if (disk !== undefined) return disk;
    throw new SecondwindError('UNKNOWN_DISK', { machine: this.#options.machine, disk: name });
  }
}

async function closeDisk(disk: TappedDisk, isStored: boolean): Promise<void> {
  const { tap, intent, capture } = disk;
  let isClean = isStored && capture.state === 'whole' && capture.window.isEmpty;
  try {
    await tap.backing.flush();
  } catch {
    // What the backing could not flush may be lost there: the marked extents are compared at the next start.
    isClean = false;
  }
  try {
    await tap.close();
  } finally {
    const { storedMicros } = disk;
    await intent.close(isClean ? { stamp: await lookAt(disk), storedMicros } : undefined);
  }
}

async function lookAt(disk: TappedDisk): Promise<BackingStamp> {
  assert(disk.announced !== 'filling');
  return (await disk.stamp?.()) ?? { sizeBytes: 0, modifiedMicros: 0 };
}
