import type { Micros } from '../../base/clock.ts';
import { blockBytes, regionBlocks, regionBytes } from '../../base/limits.ts';
import type { DiskState } from '../../repository/index.ts';
import type { DiskCut } from '../cut.ts';
import { CaptureWindow } from './capture-window.ts';
import { RegionSet } from './region-set.ts';
import { RegionWatch } from './region-watch.ts';
import type { WindowArena } from './window-arena.ts';

/** What the capture of one disk needs from that of its machine. */
export interface MachineWindow {
  /** Gives the places in the window that all disks of the machine share. */
  readonly arena: WindowArena;
  /** Whether the window holds as much as one commit may. */
  readonly isFull: boolean;
  /** Number that the next cut will have. */
  readonly cutNumber: number;
  /** Cuts all disks of the machine now. */
  cut(): void;
  /** Says that something was captured; the first time in a window it sets the window's age. */
  noteWrite(): void;
  /** Says that there is no memory to capture into; from now on no disk of the machine captures. */
  noteMemoryExhausted(): void;
  /** Says that a disk has something to compare again. */
  noteDirty(): void;
}

/** Why and since when moments of a disk cannot be restored. */
export interface Gap {
  /** First moment that is not captured. */
  readonly fromMicros: Micros;
  /** Steady time of it, milliseconds. */
  readonly fromMs: number;
  /** Words for people. */
  readonly reason: string;
}

/** `capturing`: writes are copied; `marking`: only the regions they touch are noted. */
export type CaptureMode = 'capturing' | 'marking';

/**
 * What is known about the newest content of one disk: the blocks in the window, or at least the regions that must be
 * compared. All of it is synchronous: a write is either in the window or marked when it is acknowledged.
 */
export class DiskCapture {
  /** Size of the disk, bytes. */
  readonly sizeBytes: number;
  /** Blocks of the disk; the last one may be short. */
  readonly blockCount: number;
  /** Regions of the disk; the last one may be short. */
  readonly regionCount: number;
  /** Regions to compare that no pass has taken up yet. */
  readonly dirty: RegionSet;
  /** Regions that the pass under way has yet to compare. */
  readonly pending: RegionSet;
  /** Regions that are being compared now. */
  readonly watch: RegionWatch = new RegionWatch();
  /** Whether writes are copied or marked. */
  mode: CaptureMode = 'capturing';
  /** Whether capture of this disk was paused by request. */
  isPaused = false;
  /** Why writes to the disk do not come through here now; undefined: they do. */
  unseenReason: string | undefined = undefined;
  /** The gap that the disk is in; left out while there is none, and during a first image. */
  gap: Gap | undefined = undefined;
  readonly #machine: MachineWindow;
  readonly #window: CaptureWindow;
  readonly #now: () => Omit<Gap, 'reason'>;
  #markReason = '';

  /**
   * @param sizeBytes - size of the disk
   * @param machine - the machine's window
   * @param now - both clocks, read when a gap begins
   */
  constructor(sizeBytes: number, machine: MachineWindow, now: () => Omit<Gap, 'reason'>) {
    this.sizeBytes = sizeBytes;
    this.blockCount = Math.ceil(sizeBytes / blockBytes);
    this.regionCount = Math.ceil(sizeBytes / regionBytes);
    this.dirty = new RegionSet(this.regionCount);
    this.pending = new RegionSet(this.regionCount);
    this.#machine = machine;
    this.#window = new CaptureWindow(machine.arena);
    this.#now = now;
  }

  /** How far the disk can be trusted once everything captured so far is stored. */
  get state(): DiskState {
    const isWhole = this.dirty.count === 0 && this.pending.count === 0 && this.watch.count === 0;
    return isWhole ? 'whole' : 'filling';
  }

  /** What was captured since the last cut. */
  get window(): CaptureWindow {
    return this.#window;
  }

  /** From now on writes are only marked. @param reason - why, in words for people */
  beginMarking(reason: string): void {
    this.mode = 'marking';
    this.#markReason = reason;
  }

  /**
   * Notes that a write is about to be handed to the backing.
   * @param firstBlock - first block it touches
   * @param endBlock - end, exclusive
   */
  noteBegin(firstBlock: number, endBlock: number): void {
    if (this.watch.count > 0) this.watch.touch(firstBlock, endBlock);
  }

  /**
   * Captures what the backing has taken.
   * @param firstBlock - number of the first block
   * @param data - whole blocks; the disk's last one may be short
   */
  wrote(firstBlock: number, data: Uint8Array): void {
    if (this.mode === 'capturing') {
      this.#machine.noteWrite();
      if (this.#window.put(firstBlock, data)) return;
      this.#machine.noteMemoryExhausted();
    }
    this.mark(firstBlock, firstBlock + Math.ceil(data.length / blockBytes));
  }

  /**
   * Captures that the backing has zeroed a range.
   * @param firstBlock - first block
   * @param endBlock - end, exclusive; may equal `firstBlock`
   */
  zeroed(firstBlock: number, endBlock: number): void {
    if (firstBlock >= endBlock) return;
    if (this.mode === 'capturing') {
      this.#machine.noteWrite();
      this.#window.putZeroes(firstBlock, endBlock);
      if (this.#window.isFullOfZeroes) this.#machine.cut();
      return;
    }
    this.mark(firstBlock, endBlock);
  }

  /**
   * Notes that a range was changed while writes are only marked.
   * @param firstBlock - first block
   * @param endBlock - end, exclusive
   */
  mark(firstBlock: number, endBlock: number): void {
    this.lost(firstBlock, endBlock, this.#markReason);
  }

  /**
   * Notes that something that had been cut already was lost on its way. What was captured since stays in the window: it is
   * newer, but worth nothing alone until the lost regions were compared.
   * @param cut - what was lost
   * @param gap - since when moments cannot be restored
   */
  reopen(cut: DiskCut, gap: Gap): void {
    this.gap ??= gap;
    for (let i = 0; i < cut.blocks.length; i++) {
      this.dirty.add(Math.floor(cut.blocks[i]! / regionBlocks));
    }
    for (const zero of cut.zeroes) {
      this.dirty.addBlocks(zero.firstBlock, zero.firstBlock + zero.blockCount);
    }
  }

  /**
   * Notes that from now on writes may be made that do not come through here.
   * @param gap - why, and since when that may be so: a moment ago, when the news of it takes a while
   */
  loseSight(gap: Pick<Gap, 'fromMicros' | 'reason'>): void {
    const begins = this.state === 'whole';
    this.lost(0, this.blockCount, gap.reason);
    if (begins) this.gap = { ...this.#now(), ...gap };
    this.unseenReason = gap.reason;
  }

  /**
   * Notes that nobody knows what a range holds now.
   * @param firstBlock - first block
   * @param endBlock - end, exclusive
   * @param reason - why, in words for people
   */
  lost(firstBlock: number, endBlock: number, reason: string): void {
    // What was captured until now is whole, so it becomes a point of its own before the gap begins.
    const begins = this.state === 'whole';
    if (begins) {
      this.#machine.cut();
      this.gap ??= { ...this.#now(), reason };
    }
    this.dirty.addBlocks(firstBlock, endBlock);
    if (begins) this.#machine.cut();
    this.#machine.noteDirty();
  }
}
