import type { Clock, Micros } from '../../base/clock.ts';
import type { Awaitable, DiskExtent } from '../../disk/disk.ts';
import type { DiskName, View } from '../../repository/index.ts';
import { unhurriedMs } from './limits.ts';

/** Rests that the views of one check share: after every stretch of work one as long as that may be. */
export class Rests {
  readonly #clock: Clock;
  #workingSinceMs: number;
  #rest: Promise<void> | undefined;

  /** @param clock - measures work, and rests */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#workingSinceMs = clock.steadyMs();
  }

  /** Asked before each piece of work; undefined: go on. */
  due(): Promise<void> | undefined {
    const workedMs = this.#clock.steadyMs() - this.#workingSinceMs;
    if (this.#rest === undefined && workedMs >= unhurriedMs) this.#rest = this.#resting();
    return this.#rest;
  }

  async #resting(): Promise<void> {
    await this.#clock.sleep(unhurriedMs);
    this.#workingSinceMs = this.#clock.steadyMs();
    this.#rest = undefined;
  }
}

/**
 * A view for work that nobody waits for. Readers of file systems run on the thread that also serves disks; resting before a read leaves it at
 * least half of the time to others.
 */
export class UnhurriedView implements View {
  readonly name: DiskName;
  readonly timeMicros: Micros;
  readonly sizeBytes: number;
  readonly #below: View;
  readonly #rests: Rests;

  /**
   * @param below - what is read; closed with this one
   * @param rests - when to wait
   */
  constructor(below: View, rests: Rests) {
    this.name = below.name;
    this.timeMicros = below.timeMicros;
    this.sizeBytes = below.sizeBytes;
    this.#below = below;
    this.#rests = rests;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    const rest = this.#rests.due();
    if (rest === undefined) return this.#below.read(target, offsetBytes);
    return rest.then(() => this.#below.read(target, offsetBytes));
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#below.extents(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return this.#below.prefetch?.(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  close(): Promise<void> {
    return this.#below.close();
  }
}
