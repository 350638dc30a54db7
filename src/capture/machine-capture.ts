import { SecondwindError } from '../base/errors.ts';
import { cutQueueMax, intentActiveAim, windowBytesMax } from '../base/limits.ts';
import type { CommitNote, CommitReceipt, CommitRequest } from '../repository/index.ts';
import type { MachineCaptureOptions, TappedDiskOptions } from './capture-options.ts';
import type { CaptureState, MachineCaptureStatus } from './capture-status.ts';
import { createCapturePool } from './create-capture-pool.ts';
import type { Cut } from './cut.ts';
import { describeStatus } from './describe-status.ts';
import { CutQueue } from './queue/cut-queue.ts';
import type { SlabPool } from './slab-pool.ts';
import { closeTappedDisk } from './tap/close-tapped-disk.ts';
import type { Gap } from './tap/disk-capture.ts';
import { GapKeeper } from './tap/gap-keeper.ts';
import { sweepIntents } from './tap/intent-sweep.ts';
import { openTappedDisk } from './tap/open-tapped-disk.ts';
import { reopenLost } from './tap/reopen-lost.ts';
import { ResyncLoop } from './tap/resync-loop.ts';
import type { TapDisk } from './tap/tap-disk.ts';
import type { TappedDisk } from './tap/tapped-disk.ts';
import { WindowCutter } from './tap/window-cutter.ts';

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
 * Captures all tapped disks of one machine: cuts them at one instant, stores the cuts in order, and never makes a write
 * wait for the repository. What cannot be captured is noted and compared later; the timeline shows it.
 */
export class MachineCapture {
  readonly #options: MachineCaptureOptions;
  readonly #pool: SlabPool;
  readonly #queue: CutQueue;
  readonly #cutter: WindowCutter;
  readonly #resync: ResyncLoop;
  readonly #gap: GapKeeper;
  readonly #closing = new AbortController();
  readonly #loops: Promise<void>[];
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
    this.#gap = new GapKeeper({
      cutter: this.#cutter,
      untilRoom: () => this.#untilRoom(),
      changed: () => {
        this.#resync.wake();
        this.#report();
      },
    });
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
      isGap: this.#gap.isOpen,
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
    return (await this.addDisks([options]))[0]!;
  }

  /**
   * Takes up several disks in one commit: a gap reaches back to the last commit before the one that tells of it, so disks
   * that were not captured meanwhile must be told of together.
   * @param all - as in `addDisk`
   * @returns the disks to serve, in the same order
   * @throws as `addDisk`; none is taken up then
   */
  async addDisks(all: readonly TappedDiskOptions[]): Promise<TapDisk[]> {
    const { machine, views, clock } = this.#options;
    const cutter = this.#cutter;
    const disks: TappedDisk[] = [];
    for (const options of all) {
      if (this.#find(options.disk) !== undefined) {
        throw new SecondwindError('ALREADY_EXISTS', { what: 'tapped disk', name: options.disk });
      }
      const disk = await openTappedDisk({ ...options, machine, views, clock, cutter });
      if (options.isPaused === true) disk.capture.isPaused = true;
      disk.capture.unseenReason = options.unseenReason;
      disks.push(disk);
    }
    for (const disk of disks) {
      cutter.disks.push(disk);
      this.#gap.applyTo(disk);
    }
    cutter.cut();
    this.#resync.wake();
    this.#report();
    return disks.map(({ tap }) => tap);
  }

  /**
   * Ends the capture of a disk and closes it. Its intent map then says nothing any more and is the caller's to delete.
   * @param name - name of the disk
   * @param text - what the timeline says of it
   * @throws UNKNOWN_DISK; what the backing throws when it is closed
   */
  async removeDisk(name: string, text = 'capture was removed'): Promise<void> {
    const disk = this.#get(name);
    await disk.tap.quiesce();
    const note: CommitNote = { kind: 'removed', disk: name, text };
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
    this.#gap.applyTo(disk);
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
    this.#gap.applyTo(disk);
    this.#resync.wake();
    this.#report();
  }

  /**
   * Says that from now on writes to a disk may be made that do not come through here. What came until now is a point of
   * its own; what follows is a gap.
   * @param name - name of the disk
   * @param gap - why, in words for people, and the first moment for which that may hold
   * @throws UNKNOWN_DISK
   */
  loseSight(name: string, gap: Pick<Gap, 'fromMicros' | 'reason'>): void {
    const disk = this.#get(name);
    disk.capture.loseSight(gap);
    this.#gap.applyTo(disk);
    this.#report();
  }

  /**
   * Says that from now on every write to a disk comes through here again. All of it is compared.
   * @param name - name of the disk
   * @throws UNKNOWN_DISK
   */
  regainSight(name: string): void {
    const disk = this.#get(name);
    disk.capture.unseenReason = undefined;
    this.#gap.applyTo(disk);
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
    await this.#gap.close();
    const closings = this.#cutter.disks.map((disk) => closeTappedDisk(disk, isStored));
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
    const { machine, clock, toldMicros } = this.#options;
    return new WindowCutter({
      ...{ machine, clock, toldMicros, pool: this.#pool },
      windowBytesMax: this.#options.windowBytesMax ?? windowBytesMax,
      push: (cut) => {
        this.#queue.push(cut);
        if (this.#queue.length >= cutQueueMax - queueReserve) {
          this.#gap.open('too many commits wait to be stored');
        }
      },
      memoryExhausted: () => this.#gap.open(),
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
    while (!signal.aborted && !this.#gap.isOpen) {
      if (!this.#isCrowded && this.#queue.length <= resyncQueueMax) return;
      if (this.#isCrowded) this.#cutter.cut();
      const head = this.#queue.headNumber;
      if (head === undefined) await this.#pause(pressureRetryMs, signal);
      else await this.#queue.settled(head, signal);
    }
  }

  /** @returns whether there is room again; false when capture ends */
  async #untilRoom(): Promise<boolean> {
    const { signal } = this.#closing;
    do {
      await this.#queue.settled(this.#cutter.cutNumber - 1, signal);
      await this.#pause(pressureRetryMs, signal);
    } while (!signal.aborted && (this.#queue.length > 0 || this.#isCrowded));
    return !signal.aborted;
  }

  #noteStored(cut: Cut, receipt: CommitReceipt): void {
    for (const diskCut of cut.disks) {
      const disk = this.#find(diskCut.disk);
      if (disk === undefined) continue;
      disk.stored = diskCut.state;
      disk.storedMicros = receipt.timeMicros;
    }
    this.#options.observer?.stored?.(this.#options.machine, receipt);
    this.#report();
  }

  #noteLost(cuts: readonly Cut[], error: unknown): void {
    reopenLost(this.#cutter.disks, cuts, error);
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
