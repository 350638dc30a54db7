import type { Clock, Micros } from '../../base/clock.ts';
import { blockBytes } from '../../base/limits.ts';
import type { CommitNote, CommitRequest } from '../../repository/index.ts';
import type { Cut, DiskCut } from '../cut.ts';
import type { SlabPool } from '../slab-pool.ts';
import type { MachineWindow } from './disk-capture.ts';
import type { TappedDisk } from './tapped-disk.ts';
import { WindowArena } from './window-arena.ts';

/** Parts and bounds of a machine's window. */
export interface WindowCutterOptions {
  /** Name of the machine. */
  readonly machine: string;
  /** Memory for the blocks. */
  readonly pool: SlabPool;
  /** Decides the time of a cut. */
  readonly clock: Clock;
  /** See MachineCaptureOptions. */
  readonly toldMicros: (() => Micros) | undefined;
  /** Data in a window before it is cut early, bytes. */
  readonly windowBytesMax: number;
  /** Takes what was cut, at once. */
  readonly push: (cut: Cut) => void;
  /** Hears that there is no memory to capture into. */
  readonly memoryExhausted: () => void;
  /** Hears that a disk has something to compare. */
  readonly dirty: () => void;
}

/** What a cut carries beyond the blocks. */
export interface CutExtras {
  /** Marks for the timeline. */
  readonly notes: readonly CommitNote[];
  /** What the point is worth to applications. */
  readonly consistency: CommitRequest['consistency'];
  /** Whether a commit of all disks is made even when nothing was written. */
  readonly isForced: boolean;
}

const noExtras: CutExtras = { notes: [], consistency: 'crash', isForced: false };

/**
 * The window of a machine: cuts all its disks at one instant. Only completed writes are in it, and a write that depends on
 * another was issued after that one had completed, so every cut is crash-consistent across the disks.
 */
export class WindowCutter implements MachineWindow {
  /** Gives the places in the window. */
  readonly arena: WindowArena;
  /** Disks that are cut together. */
  readonly disks: TappedDisk[] = [];
  readonly #options: WindowCutterOptions;
  readonly #windowBlocksMax: number;
  #cutNumber = 1;
  #oldestMs = -1;

  /** @param options - see WindowCutterOptions */
  constructor(options: WindowCutterOptions) {
    this.#options = options;
    this.#windowBlocksMax = options.windowBytesMax / blockBytes;
    this.arena = new WindowArena(options.pool);
  }

  /** Number that the next cut will have. */
  get cutNumber(): number {
    return this.#cutNumber;
  }

  /** Whether the window holds as much as one commit may. */
  get isFull(): boolean {
    return this.arena.usedBlocks >= this.#windowBlocksMax;
  }

  /** Steady time of the first write in the window, milliseconds; undefined while it is empty. */
  get oldestMs(): number | undefined {
    return this.#oldestMs < 0 ? undefined : this.#oldestMs;
  }

  /** Sets the age of the window at the first write. */
  noteWrite(): void {
    if (this.#oldestMs < 0) this.#oldestMs = this.#options.clock.steadyMs();
  }

  /** See MachineWindow. */
  noteMemoryExhausted(): void {
    this.#options.memoryExhausted();
  }

  /** See MachineWindow. */
  noteDirty(): void {
    this.#options.dirty();
  }

  /**
   * Cuts now, in one synchronous step. Nothing is cut when nothing was written and no state has changed, unless it is forced.
   * @param extras - see CutExtras
   * @returns number of the newest cut, this one or an earlier one
   */
  cut(extras: CutExtras = noExtras): number {
    const { clock, machine, push, toldMicros } = this.#options;
    const notes = [...extras.notes];
    const disks: DiskCut[] = [];
    for (const disk of this.disks) {
      const diskCut = cutDisk(disk, notes, extras.isForced);
      if (diskCut !== undefined) disks.push(diskCut);
    }
    if (disks.length === 0 && !extras.isForced) {
      this.arena.rest();
      return this.#cutNumber - 1;
    }
    const number = this.#cutNumber++;
    const oldestMs = this.#oldestMs < 0 ? clock.steadyMs() : this.#oldestMs;
    this.#oldestMs = -1;
    const slabs = this.arena.cut();
    const { consistency } = extras;
    const timeMicros = toldMicros?.() ?? clock.nowMicros();
    push({ number, machine, timeMicros, oldestMs, consistency, notes, disks, slabs });
    return number;
  }
}

function cutDisk(disk: TappedDisk, notes: CommitNote[], isForced: boolean): DiskCut | undefined {
  const { capture } = disk;
  const { state } = capture;
  const isUnchanged = capture.window.isEmpty && state === disk.announced;
  if (isUnchanged && !isForced) return undefined;
  if (state === 'whole' && capture.gap !== undefined) {
    const { fromMicros, reason } = capture.gap;
    notes.push({ kind: 'gap', disk: disk.name, text: reason, fromMicros });
    capture.gap = undefined;
  }
  disk.announced = state;
  return { disk: disk.name, sizeBytes: capture.sizeBytes, state, ...capture.window.cut() };
}
