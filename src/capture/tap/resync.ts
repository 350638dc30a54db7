import type { Clock } from '../../base/clock.ts';
import { blockBytes, regionBlocks, regionBytes, resyncRegionsMax } from '../../base/limits.ts';
import { intentExtentBytes } from '../../format/intent-map.ts';
import type { RegionComparer, View } from '../../repository/index.ts';
import type { FillProgress } from '../capture-status.ts';
import { commonHole } from '../common-hole.ts';
import { differingRuns } from '../region-compare.ts';
import type { DiskCapture, MachineWindow } from './disk-capture.ts';
import type { IntentLog } from './intent-log.ts';
import type { TapDisk } from './tap-disk.ts';

/** Parts and bounds of one pass. */
export interface ResyncOptions {
  /** The disk. */
  readonly tap: TapDisk;
  /** Its capture: the pending regions are compared, one after the other. */
  readonly capture: DiskCapture;
  /** Its intent map. */
  readonly intent: IntentLog;
  /** The machine's window. */
  readonly machine: MachineWindow;
  /** What is stored, with everything that was captured before a region became pending; undefined: nothing. */
  readonly view: View | undefined;
  /** Compares with it. */
  readonly comparer: RegionComparer;
  /** Waits until the queue has room for what is found. */
  readonly room: () => Promise<void>;
  /** Most bytes per second; left out: as fast as it goes. */
  readonly bytesPerSecondMax?: number;
  /** Measures and paces. */
  readonly clock: Clock;
  /** Hears how far it is. */
  readonly progress?: (progress: FillProgress) => void;
  /** Ends the pass early; what is left stays dirty. */
  readonly signal: AbortSignal;
}

const regionsPerExtent = intentExtentBytes / regionBytes;
/** Longest stretch of holes that is skipped under one lock, regions. */
const holeRegionsMax = 4096;

/**
 * One pass of comparing: brings the pending regions of a disk into step with what is stored while the guest goes on
 * writing. No lock is held while a region is read and compared; writes that begin meanwhile are noted by the watch, and
 * their blocks are left to them.
 */
export class ResyncPass {
  readonly #options: ResyncOptions;
  readonly #startMs: number;
  readonly #totalRegions: number;
  readonly #running = new Set<Promise<void>>();
  readonly #memory: Uint8Array<SharedArrayBuffer>[] = [];
  #doneRegions = 0;
  #changedBlocks = 0;
  #failure: { error: unknown } | undefined;
  /** Up to this region the backing is known to hold data, so that its holes need not be asked for again. */
  #dataEnd = 0;

  /** @param options - see ResyncOptions */
  constructor(options: ResyncOptions) {
    this.#options = options;
    this.#startMs = options.clock.steadyMs();
    this.#totalRegions = options.capture.pending.count;
  }

  /**
   * Compares until nothing is pending, the disk is no longer captured, or the signal ends it.
   * @throws what the backing or the view throws; the regions concerned are dirty again
   */
  async run(): Promise<void> {
    const { pending, dirty } = this.#options.capture;
    try {
      for (let region = pending.next(0); region >= 0; region = pending.next(region)) {
        await this.#options.room();
        if (this.#isOver) break;
        if (await this.#skipHoles(region)) continue;
        await this.#start(region);
      }
    } finally {
      await Promise.all(this.#running);
      pending.moveTo(dirty);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  get #isOver(): boolean {
    const { capture, signal } = this.#options;
    return signal.aborted || capture.mode === 'marking' || this.#failure !== undefined;
  }

  /** Guest writes come first: while there are any, one region at a time is read. */
  async #start(region: number): Promise<void> {
    const { capture, tap } = this.#options;
    capture.pending.remove(region);
    const touched = capture.watch.begin(region);
    const running = this.#region(region, touched).catch((error: unknown) => {
      this.#failure ??= { error };
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
    const slots = tap.lock.busyCount > this.#running.size ? 1 : resyncRegionsMax;
    while (this.#running.size >= slots) await Promise.race(this.#running);
    await this.#pace();
  }

  async #region(region: number, touched: Uint8Array): Promise<void> {
    const { tap, capture, comparer } = this.#options;
    const first = region * regionBlocks;
    const end = Math.min(first + regionBlocks, capture.blockCount);
    const memory = this.#memory.pop() ?? new Uint8Array(new SharedArrayBuffer(regionBytes));
    let isDone = false;
    try {
      // Writes that began before the watch are in the window before the region is read.
      await tap.lock.acquire(first, end);
      tap.lock.release(first, end);
      const start = region * regionBytes;
      const content = memory.subarray(0, Math.min(regionBytes, tap.sizeBytes - start));
      await tap.backing.read(content, start);
      const differing = await comparer.compare(region, content);
      isDone = await this.#put(region, content, { differing, touched });
      // A write that began during the comparison brings its blocks when it ends; until then the region is not whole.
      await tap.lock.acquire(first, end);
      tap.lock.release(first, end);
    } finally {
      if (!isDone) capture.dirty.add(region);
      capture.watch.end(region);
      this.#memory.push(memory);
    }
    this.#noteDone(1);
  }

  /** @returns whether everything that differs is in the window */
  async #put(
    region: number,
    content: Uint8Array,
    found: { differing: Uint8Array; touched: Uint8Array },
  ): Promise<boolean> {
    const { capture, machine, room } = this.#options;
    while (!machine.arena.canTake(regionBlocks)) {
      if (this.#isOver) return false;
      await room();
    }
    if (this.#isOver) return false;
    // From here on nothing waits, so that no write can begin between the look at `touched` and the window.
    const wanted = found.differing.map((isDifferent, i) =>
      found.touched[i] === 0 ? isDifferent : 0,
    );
    this.#touchIntent(region, region + 1);
    const first = region * regionBlocks;
    for (const run of differingRuns(content, wanted)) {
      if (run.isZero) capture.zeroed(first + run.first, first + run.end);
      else
        capture.wrote(
          first + run.first,
          content.subarray(run.first * blockBytes, run.end * blockBytes),
        );
      this.#changedBlocks += run.end - run.first;
    }
    if (machine.isFull) machine.cut();
    return true;
  }

  /**
   * Passes over a stretch that is a hole in the backing, and a hole in the view or not stored at all, without reading it.
   * @returns whether there was one
   */
  async #skipHoles(region: number): Promise<boolean> {
    if (region < this.#dataEnd) return false;
    const { tap, capture, view } = this.#options;
    let endRegion = region;
    while (endRegion - region < holeRegionsMax && capture.pending.has(endRegion)) endRegion++;
    const first = region * regionBlocks;
    const end = Math.min(endRegion * regionBlocks, capture.blockCount);
    await tap.lock.acquire(first, end);
    try {
      const start = region * regionBytes;
      const lengthBytes = Math.min(endRegion * regionBytes, tap.sizeBytes) - start;
      const { holeBytes, dataBytes } = await commonHole(tap.backing, view, { start, lengthBytes });
      const isToEnd = start + holeBytes === tap.sizeBytes;
      const holeEnd = isToEnd ? endRegion : region + Math.floor(holeBytes / regionBytes);
      this.#dataEnd = Math.max(holeEnd, region + 1, Math.floor((start + dataBytes) / regionBytes));
      if (holeEnd === region || this.#isOver) return false;
      this.#takeHole(region, holeEnd);
      return true;
    } finally {
      tap.lock.release(first, end);
    }
  }

  #takeHole(region: number, endRegion: number): void {
    const { capture, view } = this.#options;
    this.#touchIntent(region, endRegion);
    if (view === undefined) {
      capture.zeroed(region * regionBlocks, Math.min(endRegion * regionBlocks, capture.blockCount));
    }
    for (let i = region; i < endRegion; i++) capture.pending.remove(i);
    this.#noteDone(endRegion - region);
  }

  #touchIntent(region: number, endRegion: number): void {
    this.#options.intent.touch(
      Math.floor(region / regionsPerExtent),
      Math.floor((endRegion - 1) / regionsPerExtent),
      this.#options.machine.cutNumber,
    );
  }

  #noteDone(regions: number): void {
    this.#doneRegions += regions;
    const { clock, progress } = this.#options;
    const seconds = Math.max(clock.steadyMs() - this.#startMs, 1) / 1000;
    progress?.({
      bytesDone: this.#doneRegions * regionBytes,
      bytesTotal: this.#totalRegions * regionBytes,
      bytesChanged: this.#changedBlocks * blockBytes,
      bytesPerSecond: (this.#doneRegions * regionBytes) / seconds,
    });
  }

  async #pace(): Promise<void> {
    const { bytesPerSecondMax, clock, signal } = this.#options;
    if (bytesPerSecondMax === undefined) return;
    const dueMs = this.#startMs + (this.#doneRegions * regionBytes * 1000) / bytesPerSecondMax;
    const waitMs = dueMs - clock.steadyMs();
    if (waitMs <= 0 || signal.aborted) return;
    try {
      await clock.sleep(waitMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
