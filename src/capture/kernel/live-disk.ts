import { SecondwindError } from '../../base/errors.ts';
import { UncachedDisk } from '../../disk/uncached-disk.ts';
import type { MachineCapture } from '../machine-capture.ts';
import type { ObservedChange } from '../observed-change.ts';
import { unkeptIntents } from '../unkept-intents.ts';
import { type DeviceState, isSameDevice, lookAtDevice } from './device-state.ts';
import type { KernelSession } from './kernel-session.ts';
import { LiveBacking } from './live-backing.ts';

/** An order to capture a block device of this system. */
export interface LiveDiskOrder {
  /** Its machine. */
  readonly machine: string;
  /** Its name on the machine. */
  readonly disk: string;
  /** Path of the device. */
  readonly path: string;
  /** Captures the machine. */
  readonly capture: MachineCapture;
  /** Whether it is paused by order. */
  readonly isPaused: () => boolean;
}

/** Where a disk is captured. */
interface Link {
  readonly session: KernelSession;
  readonly slot: number;
}

/** What takes what the disk's owner has written. */
type Observer = Awaited<ReturnType<MachineCapture['addDisk']>>;

/** A device that is protected, whether it is there now or not. */
export class LiveDisk {
  /** What was ordered. */
  readonly order: LiveDiskOrder;
  /** Why it is not captured now, in words for people; undefined while it is. */
  reason: string | undefined = 'its device was not looked at yet';
  #link: Link | undefined;
  #device: DeviceState | undefined;
  #observer: Observer | undefined;
  #reader: Promise<UncachedDisk> | undefined;
  #readCount = 0;

  /** @param order - see LiveDiskOrder */
  constructor(order: LiveDiskOrder) {
    this.order = order;
  }

  /** Where it is captured; undefined: it is not. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Size, bytes; undefined while it was never seen. */
  get sizeBytes(): number | undefined {
    return this.#observer?.sizeBytes;
  }

  /** Whether the device is the one that is captured. */
  async isSame(): Promise<boolean> {
    const now = await lookAtDevice(this.order.path);
    return now !== undefined && this.#device !== undefined && isSameDevice(now, this.#device);
  }

  /**
   * Has the program capture the disk.
   * @param session - the program
   * @param slot - a free one
   * @returns its size, bytes
   * @throws CAPTURE_UNAVAILABLE
   */
  async attach(session: KernelSession, slot: number): Promise<number> {
    const before = await lookAtDevice(this.order.path);
    const sizeBytes = await session.add(slot, this.order.path);
    this.#device = await lookAtDevice(this.order.path);
    if (before !== undefined && this.#device !== undefined && isSameDevice(before, this.#device)) {
      this.#link = { session, slot };
      this.reason = undefined;
      return sizeBytes;
    }
    await session.remove(slot);
    throw new SecondwindError('CAPTURE_UNAVAILABLE', { reason: 'the device is changing' });
  }

  /**
   * Makes the disk one of the machine's, with the size it has now.
   * @param sizeBytes - from `attach`
   * @returns what `addDisks` of the capture wants
   */
  options(sizeBytes: number): Parameters<MachineCapture['addDisk']>[0] {
    const { disk, isPaused } = this.order;
    const backing = new LiveBacking(sizeBytes, {
      settle: (offsetBytes, lengthBytes) => this.#settle(offsetBytes, lengthBytes),
      read: (target, offsetBytes) => this.#read(target, offsetBytes),
    });
    return { disk, backing, intentFile: unkeptIntents, isPaused: isPaused() };
  }

  /** Hands on what is told from now on. @param observer - the disk in its machine's capture; undefined: nothing any more */
  observeWith(observer: Observer | undefined): void {
    this.#observer = observer;
  }

  /** Takes what was told, all that no cut may part. @param changes - in their order */
  observe(changes: readonly ObservedChange[]): void {
    this.#observer?.observe(changes);
  }

  /** Says that a cut may come. */
  observed(): void {
    this.#observer?.observed();
  }

  /**
   * Says that it is not captured any more, from the moment up to which everything was told.
   * @param fromMicros - that moment
   * @param reason - why, in words for people
   */
  loseSight(fromMicros: number, reason: string): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    this.reason = reason;
    if (this.#observer === undefined) return;
    this.order.capture.loseSight(this.order.disk, { fromMicros, reason });
  }

  /** Lets go of the device when nothing was read since the last call, so that we are in nobody's way. */
  async rest(): Promise<void> {
    const reader = this.#reader;
    if (this.#readCount > 0 || reader === undefined) {
      this.#readCount = 0;
      return;
    }
    this.#reader = undefined;
    await (await reader.catch(() => undefined))?.close();
  }

  async #settle(offsetBytes: number, lengthBytes: number): Promise<void> {
    const link = this.#link;
    if (link === undefined) {
      throw new SecondwindError('CAPTURE_UNAVAILABLE', { reason: this.reason ?? 'it is away' });
    }
    await link.session.settle(link.slot, offsetBytes, lengthBytes);
  }

  async #read(target: Uint8Array, offsetBytes: number): Promise<void> {
    this.#readCount++;
    this.#reader ??= this.#open();
    const reader = this.#reader;
    try {
      await (await reader).read(target, offsetBytes);
    } catch (error) {
      // The next read finds out anew what is there.
      if (this.#reader === reader) this.#reader = undefined;
      void reader.then(
        (disk) => disk.close(),
        () => undefined,
      );
      throw error;
    }
  }

  async #open(): Promise<UncachedDisk> {
    const { path } = this.order;
    const disk = await UncachedDisk.open(path, this.sizeBytes ?? 0);
    if (disk !== undefined && (await this.isSame())) return disk;
    await disk?.close();
    throw new SecondwindError('CAPTURE_UNAVAILABLE', { reason: 'another device is there' });
  }
}
