import type { Clock } from '../../base/clock.ts';
import { appendRetryMsMin } from '../../base/limits.ts';
import type { ComparerOpener, ViewOpener } from '../../repository/index.ts';
import type { FillProgress } from '../capture-status.ts';
import { createViewComparer, nothingStored, openNewest } from '../region-compare.ts';
import { ResyncPass } from './resync.ts';
import type { TappedDisk } from './tapped-disk.ts';
import { Wake } from './wake.ts';
import type { WindowCutter } from './window-cutter.ts';

/** What the resync of a machine works with. */
export interface ResyncLoopOptions {
  /** Name of the machine. */
  readonly machine: string;
  /** Its disks and its window. */
  readonly cutter: WindowCutter;
  /** What is stored. */
  readonly views: ViewOpener;
  /** A faster way of comparing than reading views; left out: views are read. */
  readonly comparers: ComparerOpener | undefined;
  /**
   * Waits until a cut is stored or given up.
   * @param number - number of the cut
   * @param signal - ends the wait early
   */
  readonly settled: (number: number, signal: AbortSignal) => Promise<unknown>;
  /**
   * Waits until the queue has room.
   * @param signal - ends the wait early
   */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Most bytes per second that are compared; undefined: as fast as it goes. */
  readonly bytesPerSecondMax: number | undefined;
  /** Times retries and pace. */
  readonly clock: Clock;
  /** Hears how far a disk is. */
  readonly progressed: (disk: TappedDisk, progress: FillProgress) => void;
  /** Hears why a pass failed, or, with undefined, that one succeeded. */
  readonly settledPass: (error: unknown) => void;
}

/** Brings one disk of a machine after the other into step with what is stored, whenever something is dirty. */
export class ResyncLoop {
  readonly #options: ResyncLoopOptions;
  readonly #wake = new Wake();
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  /** @param options - see ResyncLoopOptions */
  constructor(options: ResyncLoopOptions) {
    this.#options = options;
    this.#ended = this.#run();
  }

  /** Says that there may be something to do. */
  wake(): void {
    this.#wake.ring();
  }

  /** Ends the pass under way; what is left stays dirty. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const disk of this.#options.cutter.disks) disk.pass?.stop.abort();
    this.#wake.ring();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      const disk = this.#options.cutter.disks.find(isDue);
      if (disk === undefined) {
        await this.#wake.wait();
        continue;
      }
      try {
        const stop = new AbortController();
        const ended = this.#pass(disk, stop.signal);
        disk.pass = { stop, ended };
        await ended;
        this.#options.settledPass(undefined);
      } catch (error) {
        this.#options.settledPass(error);
        await this.#rest();
      } finally {
        disk.pass = undefined;
        disk.progress = undefined;
      }
    }
  }

  async #pass(disk: TappedDisk, signal: AbortSignal): Promise<void> {
    const { cutter, settled } = this.#options;
    try {
      // In one step: what was captured of the regions that become pending now is in this cut or an earlier one, so the
      // view that is opened once the cut is stored has it. Regions that become dirty later wait for the next pass.
      const barrier = cutter.cut();
      disk.capture.dirty.moveTo(disk.capture.pending);
      await settled(barrier, signal);
      await this.#compare(disk, signal);
    } finally {
      disk.capture.pending.moveTo(disk.capture.dirty);
    }
    cutter.cut();
  }

  async #compare(disk: TappedDisk, signal: AbortSignal): Promise<void> {
    const { machine, cutter, views, comparers, room, bytesPerSecondMax, clock } = this.#options;
    if (signal.aborted || disk.capture.mode === 'marking') return;
    const view = await openNewest(views, { machine, disk: disk.name });
    try {
      const { tap, capture, intent } = disk;
      const comparer =
        view === undefined
          ? nothingStored
          : (comparers?.openComparer(view) ?? createViewComparer(view));
      await new ResyncPass({
        ...{ tap, capture, intent, machine: cutter, view, comparer, clock, signal },
        ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecondMax }),
        room: () => room(signal),
        progress: (progress) => {
          disk.progress = progress;
          this.#options.progressed(disk, progress);
        },
      }).run();
    } finally {
      await view?.close();
    }
  }

  async #rest(): Promise<void> {
    const { signal } = this.#closing;
    try {
      await this.#options.clock.sleep(appendRetryMsMin, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function isDue(disk: TappedDisk): boolean {
  return disk.capture.mode === 'capturing' && disk.capture.dirty.count > 0;
}
