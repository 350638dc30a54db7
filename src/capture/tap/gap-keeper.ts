import type { TappedDisk } from './tapped-disk.ts';
import type { WindowCutter } from './window-cutter.ts';

/** What keeping gaps needs. */
export interface GapKeeperOptions {
  /** The machine's disks and window. */
  readonly cutter: WindowCutter;
  /**
   * Waits until there is room again to capture into.
   * @returns whether there is; false when capture ends
   */
  readonly untilRoom: () => Promise<boolean>;
  /** Hears that a gap began or ended. */
  readonly changed: () => void;
}

const reasonDefault = 'there was no room for captured writes';

/** Decides for each disk of a machine whether its writes are copied or only marked. */
export class GapKeeper {
  readonly #options: GapKeeperOptions;
  #reason: string | undefined;
  #leaving: Promise<void> = Promise.resolve();

  /** @param options - see GapKeeperOptions */
  constructor(options: GapKeeperOptions) {
    this.#options = options;
  }

  /** Whether there is no room, and writes are only marked. */
  get isOpen(): boolean {
    return this.#reason !== undefined;
  }

  /** Stops copying, for all disks at once, until there is room again. @param reason - why, in words for people */
  open(reason: string = reasonDefault): void {
    if (this.isOpen) return;
    this.#reason = reason;
    for (const disk of this.#options.cutter.disks) this.applyTo(disk);
    this.#leaving = this.#leave();
    this.#options.changed();
  }

  /** Makes a disk copy or mark, whichever is right now. @param disk - one of the machine's */
  applyTo(disk: TappedDisk): void {
    const { isPaused, unseenReason } = disk.capture;
    if (isPaused) disk.capture.beginMarking('capture was paused');
    else if (unseenReason !== undefined) disk.capture.beginMarking(unseenReason);
    else if (this.#reason !== undefined) disk.capture.beginMarking(this.#reason);
    else disk.capture.mode = 'capturing';
  }

  /** Waits for what `untilRoom` still does. */
  async close(): Promise<void> {
    await this.#leaving;
  }

  async #leave(): Promise<void> {
    if (!(await this.#options.untilRoom())) return;
    this.#reason = undefined;
    for (const disk of this.#options.cutter.disks) this.applyTo(disk);
    this.#options.changed();
  }
}
