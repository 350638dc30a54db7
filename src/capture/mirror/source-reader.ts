import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { sourceIdleMs, sourceReadMsMax } from '../../base/limits.ts';
import { withTimeLimit } from '../../base/time-limit.ts';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';

/** What reading a guest's image needs. */
export interface SourceReaderOptions {
  /** What the disk is called in errors: "machine/disk". */
  readonly name: string;
  /** Has QEMU serve the image, and connects to it. */
  readonly open: () => Promise<ReadableDisk>;
  /** Has QEMU serve it no longer; the connection is closed already. */
  readonly ended: () => Promise<void>;
  /** Measures waits. */
  readonly clock: Clock;
}

/**
 * Reads the image of a running guest through its QEMU, which serves it only while somebody reads.
 *
 * A write of the guest may wait for a read here, and QEMU may wait for that write before it reads or does anything else at
 * all. So a read never waits for QEMU to begin to serve: it fails, and the next one finds the image open. And it never
 * waits for long.
 */
export class SourceReader {
  readonly #options: SourceReaderOptions;
  readonly #closing = new AbortController();
  #disk: ReadableDisk | undefined;
  #opening: Promise<void> | undefined;
  #usedMs = 0;

  /** @param options - see SourceReaderOptions */
  constructor(options: SourceReaderOptions) {
    this.#options = options;
  }

  /** Opens the image, or does nothing while it is open. @throws what opening throws */
  open(): Promise<void> {
    if (this.#disk !== undefined) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /**
   * See ReadableDisk.
   * @param target - filled whole
   * @param offsetBytes - where to begin
   * @throws GUEST_UNREACHABLE, IO_FAILED
   */
  async read(target: Uint8Array, offsetBytes: number): Promise<void> {
    // Read into memory of its own: what comes after the limit must not change the caller's.
    const content = Buffer.allocUnsafe(target.length);
    await this.#limited((disk) => disk.read(content, offsetBytes));
    target.set(content);
  }

  /**
   * See ReadableDisk. A lock may be held meanwhile; so where there is no answer in time, everything is data.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - span asked for, bytes
   */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    try {
      return await this.#limited((disk) => disk.extents(offsetBytes, lengthBytes));
    } catch {
      return [{ lengthBytes, isHole: false }];
    }
  }

  /** Closes the image for good. @throws what QEMU says to it */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([this.#opening]);
    await this.#shut();
  }

  async #open(): Promise<void> {
    const disk = await this.#options.open();
    if (this.#closing.signal.aborted) {
      await disk.close();
      return;
    }
    this.#disk = disk;
    this.#usedMs = this.#options.clock.steadyMs();
    void this.#shutWhenIdle();
  }

  async #limited<Answer>(use: (disk: ReadableDisk) => Answer | Promise<Answer>): Promise<Answer> {
    const { clock } = this.#options;
    const disk = this.#disk;
    if (disk === undefined) throw this.#notOpen();
    this.#usedMs = clock.steadyMs();
    const error = (): Error => this.#unreachable('reading its image takes too long');
    try {
      const work = Promise.resolve(use(disk));
      return await withTimeLimit(work, { clock, limitMs: sourceReadMsMax, error });
    } catch (caught) {
      // A connection that was lost is made anew at the next read.
      if (this.#disk === disk) void this.#shut().catch(() => undefined);
      throw caught;
    }
  }

  #notOpen(): SecondwindError {
    // Whoever reads next finds it open, or is told why not by whoever watches the guest.
    if (!this.#closing.signal.aborted) void this.open().catch(() => undefined);
    return this.#unreachable('its image is not open for reading');
  }

  async #shut(): Promise<void> {
    const disk = this.#disk;
    if (disk === undefined) return;
    this.#disk = undefined;
    await disk.close();
    await this.#options.ended();
  }

  async #shutWhenIdle(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    const disk = this.#disk;
    while (!signal.aborted && this.#disk === disk) {
      const idleMs = clock.steadyMs() - this.#usedMs;
      if (idleMs >= sourceIdleMs) return this.#shut().catch(() => undefined);
      await clock.sleep(sourceIdleMs - idleMs, signal).catch(() => undefined);
    }
  }

  #unreachable(reason: string): SecondwindError {
    return new SecondwindError('GUEST_UNREACHABLE', { guest: this.#options.name, reason });
  }
}
