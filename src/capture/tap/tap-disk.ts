import { strict as assert } from 'node:assert';
import { blockBytes } from '../../base/limits.ts';
import type { Awaitable, DiskExtent, WritableDisk, WriteOptions } from '../../disk/disk.ts';
import { intentExtentBytes } from '../../format/intent-map.ts';
import type { ObservedChange } from '../observed-change.ts';
import { BlockLock } from './block-lock.ts';
import type { DiskCapture, MachineWindow } from './disk-capture.ts';
import type { IntentLog } from './intent-log.ts';
import { observeChanges } from './observe-changes.ts';

/** Parts of a tap. */
export interface TapDiskOptions {
  /** Where the data really lives; closed with the tap. */
  readonly backing: WritableDisk;
  /** Receives what is written. */
  readonly capture: DiskCapture;
  /** Marks extents before they are written to. */
  readonly intent: IntentLog;
  /** The machine's window. */
  readonly machine: MachineWindow;
  /** Whether every flush and every forced write ends the window. */
  readonly cutAtEveryFlush: boolean;
}

const blocksPerExtent = intentExtentBytes / blockBytes;

/**
 * The disk that a protected system writes to: passes everything on to the backing, and sees to it that nothing is
 * acknowledged that is not captured or marked.
 *
 * Invariants, per operation that changes the disk: its extents are active in the intent map before the backing sees it; while
 * it is under way nothing that overlaps it is begun, so that backing and capture see the same order; when it is
 * acknowledged its blocks are in the window, or their regions are marked.
 */
export class TapDisk implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Whether the backing zeroes fast. */
  readonly isFastToZero: boolean;
  /** Serialises overlapping operations; the resync takes part. */
  readonly lock: BlockLock = new BlockLock();
  readonly #backing: WritableDisk;
  readonly #capture: DiskCapture;
  readonly #intent: IntentLog;
  readonly #machine: MachineWindow;
  readonly #cutAtEveryFlush: boolean;
  #isClosed = false;

  /** @param options - see TapDiskOptions */
  constructor(options: TapDiskOptions) {
    this.sizeBytes = options.backing.sizeBytes;
    this.isFastToZero = options.backing.isFastToZero ?? false;
    this.#backing = options.backing;
    this.#capture = options.capture;
    this.#intent = options.intent;
    this.#machine = options.machine;
    this.#cutAtEveryFlush = options.cutAtEveryFlush;
  }

  /** The disk below. */
  get backing(): WritableDisk {
    return this.#backing;
  }

  /**
   * Reads from the backing.
   * @param target - filled whole
   * @param offsetBytes - where to begin
   */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    return this.#backing.read(target, offsetBytes);
  }

  /**
   * Tells holes of the backing from data.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - span asked for, bytes
   */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#backing.extents(offsetBytes, lengthBytes);
  }

  /**
   * Passes the hint on to the backing.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return this.#backing.prefetch?.(offsetBytes, lengthBytes);
  }

  /**
   * Writes to the backing and captures.
   * @param data - borrowed until the call ends
   * @param offsetBytes - where to begin
   * @param options - see WriteOptions
   * @throws what the backing throws; NO_SPACE or IO_FAILED when the intent map cannot be written
   */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    this.#check(offsetBytes, data.length);
    const endBytes = offsetBytes + data.length;
    const first = Math.floor(offsetBytes / blockBytes);
    const end = Math.ceil(endBytes / blockBytes);
    if (first === end) return undefined;
    const isAligned = offsetBytes % blockBytes === 0 && this.#isBorder(endBytes);
    if (!isAligned || !this.#mayStart(first, end)) {
      return this.#change(first, end, {
        issue: () => this.#backing.write(data, offsetBytes, options),
        record: () => (isAligned ? this.#capture.wrote(first, data) : this.#readBack(first, end)),
        isForced: options?.isForced ?? false,
      });
    }
    this.#capture.noteBegin(first, end);
    const pending = this.#issueWrite(data, offsetBytes, options);
    if (pending instanceof Promise) return this.#finishWrite(pending, first, data, options);
    this.#recordWrite(first, end, data);
    if (options?.isForced === true) this.#flushed();
    return undefined;
  }

  /**
   * Zeroes a range of the backing and captures that.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @param options - see WritableDisk
   * @throws what the backing throws; NO_SPACE or IO_FAILED when the intent map cannot be written
   */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    const issue = (): Awaitable<void> =>
      this.#backing.writeZeroes(offsetBytes, lengthBytes, options);
    return this.#clear(offsetBytes, lengthBytes, issue, options?.isForced ?? false);
  }

  /**
   * Trims a range of the backing and captures that it reads as zeroes now.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @param options - see WriteOptions
   * @throws what the backing throws; NO_SPACE or IO_FAILED when the intent map cannot be written
   */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    const issue = (): Awaitable<void> => this.#backing.trim(offsetBytes, lengthBytes, options);
    return this.#clear(offsetBytes, lengthBytes, issue, options?.isForced ?? false);
  }

  /** Flushes the backing. @throws what the backing throws */
  flush(): Awaitable<void> {
    const pending = this.#backing.flush();
    if (!this.#cutAtEveryFlush) return pending;
    if (pending instanceof Promise) return pending.then(() => this.#flushed());
    this.#flushed();
    return undefined;
  }

  /**
   * Captures what somebody else has done to the backing, in that order and in one step that no cut parts; a window that is full
   * then waits for `observed`.
   * @param changes - all within the disk
   */
  observe(changes: readonly ObservedChange[]): void {
    if (!this.#isClosed) observeChanges(changes, this.#capture, this.#machine);
  }

  /** Cuts when the window is full: everything that must not be parted was observed. */
  observed(): void {
    if (this.#machine.isFull || this.#capture.window.isFullOfZeroes) this.#machine.cut();
  }

  /** Waits until nothing is under way; what comes later fails. */
  async quiesce(): Promise<void> {
    this.#isClosed = true;
    const blockCount = Math.max(1, this.#capture.blockCount);
    await this.lock.acquire(0, blockCount);
    this.lock.release(0, blockCount);
  }

  /** Ends what is under way and closes the backing. @throws what the backing throws */
  async close(): Promise<void> {
    await this.quiesce();
    await this.#backing.close();
  }

  #mayStart(first: number, end: number): boolean {
    return (
      this.lock.isFree(first, end) &&
      this.#intent.isActive(
        Math.floor(first / blocksPerExtent),
        Math.floor((end - 1) / blocksPerExtent),
      )
    );
  }

  #issueWrite(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    try {
      return this.#backing.write(data, offsetBytes, options);
    } catch (error) {
      const first = offsetBytes / blockBytes;
      this.#lost(first, first + Math.ceil(data.length / blockBytes));
      throw error;
    }
  }

  async #finishWrite(
    pending: Promise<void>,
    first: number,
    data: Uint8Array,
    options: WriteOptions | undefined,
  ): Promise<void> {
    const end = first + Math.ceil(data.length / blockBytes);
    this.lock.hold(first, end);
    try {
      await pending;
      this.#recordWrite(first, end, data);
    } catch (error) {
      this.#lost(first, end);
      throw error;
    } finally {
      this.lock.release(first, end);
    }
    if (options?.isForced === true) this.#flushed();
  }

  #recordWrite(first: number, end: number, data: Uint8Array): void {
    this.#touch(first, end);
    this.#capture.wrote(first, data);
    this.#cutWhenFull();
  }

  /** Zeroes whole blocks as such; a block that is zeroed in part is read back. */
  #clear(
    offsetBytes: number,
    lengthBytes: number,
    issue: () => Awaitable<void>,
    isForced: boolean,
  ): Awaitable<void> {
    this.#check(offsetBytes, lengthBytes);
    if (lengthBytes === 0) return undefined;
    const endBytes = offsetBytes + lengthBytes;
    const first = Math.floor(offsetBytes / blockBytes);
    const end = Math.ceil(endBytes / blockBytes);
    const innerFirst = Math.ceil(offsetBytes / blockBytes);
    const innerEnd = this.#isBorder(endBytes) ? end : end - 1;
    const record = async (): Promise<void> => {
      if (innerFirst >= innerEnd) return this.#readBack(first, end);
      if (innerFirst > first) await this.#readBack(first, innerFirst);
      if (innerEnd < end) await this.#readBack(innerEnd, end);
      this.#capture.zeroed(innerFirst, innerEnd);
    };
    return this.#change(first, end, { issue, record, isForced });
  }

  /** The long way of an operation: waits for its turn and for the intent map. */
  async #change(
    first: number,
    end: number,
    operation: { issue: () => Awaitable<void>; record: () => Awaitable<void>; isForced: boolean },
  ): Promise<void> {
    await this.lock.acquire(first, end);
    try {
      await this.#intent.activate(
        Math.floor(first / blocksPerExtent),
        Math.floor((end - 1) / blocksPerExtent),
      );
      this.#capture.noteBegin(first, end);
      try {
        await operation.issue();
        await operation.record();
        this.#touch(first, end);
      } catch (error) {
        this.#lost(first, end);
        throw error;
      }
      this.#cutWhenFull();
    } finally {
      this.lock.release(first, end);
    }
    if (operation.isForced) this.#flushed();
  }

  /** Captures whole blocks as the backing holds them now, after a change that covered them in part. */
  async #readBack(first: number, end: number): Promise<void> {
    if (this.#capture.mode === 'marking') {
      this.#capture.mark(first, end);
      return;
    }
    const start = first * blockBytes;
    const content = new Uint8Array(Math.min(end * blockBytes, this.sizeBytes) - start);
    try {
      await this.#backing.read(content, start);
    } catch {
      // The write itself succeeded and is acknowledged; only its neighbourhood is not known, and is compared later.
      this.#capture.lost(first, end, 'the backing could not be read');
      return;
    }
    this.#capture.wrote(first, content);
  }

  /** A failed write may have left anything in its range. */
  #lost(first: number, end: number): void {
    this.#touch(first, end);
    this.#capture.lost(first, end, 'a write to the backing failed');
  }

  #touch(first: number, end: number): void {
    this.#intent.touch(
      Math.floor(first / blocksPerExtent),
      Math.floor((end - 1) / blocksPerExtent),
      this.#machine.cutNumber,
    );
  }

  #cutWhenFull(): void {
    if (this.#machine.isFull) this.#machine.cut();
  }

  #flushed(): void {
    if (this.#cutAtEveryFlush) this.#machine.cut();
  }

  #isBorder(offsetBytes: number): boolean {
    return offsetBytes % blockBytes === 0 || offsetBytes === this.sizeBytes;
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    assert(!this.#isClosed, 'the tap was closed');
    assert(offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes);
  }
}
