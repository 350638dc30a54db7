import { strict as assert } from 'node:assert';
import type { Clock, Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { ObservedChange } from '../observed-change.ts';
import { lookAtDevice } from './device-state.ts';
import type { StartKernelProgram } from './kernel-program.ts';
import { KernelSession } from './kernel-session.ts';
import { deviceLookMs, kernelDisksMax, kernelRetryMsMax, silentLooksMax } from './limits.ts';
import { LiveDisk, type LiveDiskOrder } from './live-disk.ts';

/** What capturing in the kernel is made of. */
export interface KernelCaptureParts {
  /** Starts the program. */
  readonly start: StartKernelProgram;
  /** Times looks, and tells the time of cuts. */
  readonly clock: Clock;
  /** Hears of what goes wrong. */
  readonly log: Logger;
}

/**
 * Captures block devices of this system while they are in use, for as long as it is let: one program sees all of them, so that
 * its order is one order for all. What is not captured, because a device is away or the program has ended, is a gap; it ends
 * by comparing.
 */
export class KernelCapture {
  readonly #parts: KernelCaptureParts;
  readonly #disks = new Set<LiveDisk>();
  readonly #closing = new AbortController();
  #session: KernelSession | undefined;
  #startedMicros: Micros = 0;
  #frameCount = 0;
  #silentLooks = 0;
  #retryMs = deviceLookMs;
  #notBeforeMs = -Infinity;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #looking: Promise<void>;

  /** @param parts - see KernelCaptureParts */
  constructor(parts: KernelCaptureParts) {
    this.#parts = parts;
    this.#looking = this.#keepLooking();
  }

  /** The moment up to which everything was told: the time that a cut may bear. */
  get toldMicros(): Micros {
    const nowMicros = this.#parts.clock.nowMicros();
    const session = this.#session;
    if (session === undefined) return nowMicros;
    return Math.min(nowMicros, session.toldMicros ?? this.#startedMicros);
  }

  /**
   * Protects devices. Those of one machine are taken up together where they are there.
   * @param orders - see LiveDiskOrder
   * @throws LIMIT_EXCEEDED
   */
  add(orders: readonly LiveDiskOrder[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#disks.size + orders.length > kernelDisksMax) {
        const data = { what: 'The number of devices', value: this.#disks.size + orders.length };
        throw new SecondwindError('LIMIT_EXCEEDED', { ...data, limit: kernelDisksMax });
      }
      for (const order of orders) this.#disks.add(new LiveDisk(order));
      this.#notBeforeMs = -Infinity;
      await this.#attachAll();
    });
  }

  /**
   * Protects a device no longer; its machine still knows the disk.
   * @param machine - its machine
   * @param disk - its name
   */
  remove(machine: string, disk: string): Promise<void> {
    return this.#inTurn(async () => {
      const found = this.find(machine, disk);
      if (found === undefined) return;
      await found.link?.session.settle(found.link.slot, 0, 0).catch(() => undefined);
      // Its last point is whole: nothing is told of it any more, and nothing was lost.
      found.observeWith(undefined);
      await this.#detach(found, 'its protection was ended');
      this.#disks.delete(found);
      if (this.#disks.size === 0) this.#stop();
    });
  }

  /**
   * A device that is protected.
   * @param machine - its machine
   * @param disk - its name
   */
  find(machine: string, disk: string): LiveDisk | undefined {
    return [...this.#disks].find(({ order }) => order.machine === machine && order.disk === disk);
  }

  /** Waits until everything that was written until now was told. */
  async catchUp(): Promise<void> {
    // Who cannot be asked has no whole disk, and whoever wanted a point is told so.
    await this.#session?.settle(0, 0, 0).catch(() => undefined);
  }

  /** Ends: what was written until now was told, and the captures of the machines can be closed. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#looking;
    await this.#turn;
    await this.catchUp();
    for (const disk of this.#disks) disk.observeWith(undefined);
    this.#stop();
    await Promise.all([...this.#disks].map((disk) => disk.rest().then(() => disk.rest())));
    this.#disks.clear();
  }

  async #keepLooking(): Promise<void> {
    const { clock, log } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(deviceLookMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      // Outside the turn, which may be waiting for an answer that never comes.
      this.#giveUpSilent();
      await this.#inTurn(() => this.#look()).catch((error: unknown) => {
        log.error('Devices could not be looked at', { error });
      });
    }
  }

  async #look(): Promise<void> {
    for (const disk of this.#disks) {
      await disk.rest();
      if (disk.link === undefined || (await disk.isSame())) continue;
      await this.#detach(disk, 'the device is gone, or is another one now');
    }
    await this.#attachAll();
  }

  #giveUpSilent(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#silentLooks = session.frameCount === this.#frameCount ? this.#silentLooks + 1 : 0;
    this.#frameCount = session.frameCount;
    if (this.#silentLooks < silentLooksMax) return;
    this.#ended(session, 'the program that captures does not speak any more');
    session.stop();
  }

  async #attachAll(): Promise<void> {
    const { clock } = this.#parts;
    if (clock.steadyMs() < this.#notBeforeMs) return;
    const away = [...this.#disks].filter(({ link }) => link === undefined);
    for (const ofMachine of Map.groupBy(away, ({ order }) => order.machine).values()) {
      const attached = new Map<LiveDisk, number>();
      for (const disk of ofMachine) await this.#attach(disk, attached);
      await this.#takeUp(attached);
    }
  }

  async #attach(disk: LiveDisk, attached: Map<LiveDisk, number>): Promise<void> {
    const { path } = disk.order;
    if ((await lookAtDevice(path)) === undefined) {
      disk.reason = `there is no block device at ${path}`;
      return;
    }
    try {
      const session = this.#session ?? this.#start(path);
      attached.set(disk, await disk.attach(session, this.#freeSlot()));
      this.#retryMs = deviceLookMs;
    } catch (error) {
      disk.reason = error instanceof Error ? error.message : String(error);
    }
  }

  /** New disks of a machine are told of in one commit; those that it knows are compared from here on. */
  async #takeUp(attached: ReadonlyMap<LiveDisk, number>): Promise<void> {
    const fresh: [LiveDisk, number][] = [];
    for (const [disk, sizeBytes] of attached) {
      const { capture, disk: name } = disk.order;
      if (disk.sizeBytes === sizeBytes) {
        // It may have been lost again while others were attached.
        if (disk.link !== undefined) capture.regainSight(name);
        continue;
      }
      if (disk.sizeBytes !== undefined) await capture.removeDisk(name, 'the disk was resized');
      disk.observeWith(undefined);
      fresh.push([disk, sizeBytes]);
    }
    const [first] = fresh;
    if (first === undefined) return;
    const options = fresh.map(([disk, sizeBytes]) => disk.options(sizeBytes));
    const observers = await first[0].order.capture.addDisks(options);
    for (const [index, [disk]] of fresh.entries()) {
      disk.observeWith(observers[index]);
      // It may have been lost while it was taken up.
      if (disk.link !== undefined) continue;
      const reason = disk.reason ?? 'it is away';
      disk.order.capture.loseSight(disk.order.disk, { fromMicros: this.toldMicros, reason });
    }
  }

  #start(path: string): KernelSession {
    const session: KernelSession = new KernelSession(this.#parts.start, path, {
      changed: (changes) => this.#observe(session, changes),
      ended: (reason) => this.#ended(session, reason),
    });
    this.#session = session;
    this.#startedMicros = this.#parts.clock.nowMicros();
    this.#silentLooks = 0;
    return session;
  }

  #observe(session: KernelSession, changes: ReadonlyMap<number, readonly ObservedChange[]>): void {
    const told: LiveDisk[] = [];
    for (const disk of this.#disks) {
      if (disk.link?.session !== session) continue;
      const ofDisk = changes.get(disk.link.slot);
      if (ofDisk === undefined) continue;
      disk.observe(ofDisk);
      told.push(disk);
    }
    for (const disk of told) disk.observed();
  }

  #ended(session: KernelSession, reason: string): void {
    const { clock, log } = this.#parts;
    if (this.#session !== session) return;
    log.warn('The capture of writes has ended', { reason });
    // While the session is still ours the last point bears the time up to which everything was told.
    const { toldMicros } = this;
    for (const disk of this.#disks) {
      if (disk.link?.session === session) disk.loseSight(toldMicros, reason);
    }
    this.#session = undefined;
    this.#notBeforeMs = clock.steadyMs() + this.#retryMs;
    this.#retryMs = Math.min(this.#retryMs * 2, kernelRetryMsMax);
  }

  async #detach(disk: LiveDisk, reason: string): Promise<void> {
    const { link } = disk;
    disk.loseSight(this.toldMicros, reason);
    await link?.session.remove(link.slot).catch(() => undefined);
    await disk.rest();
  }

  #stop(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.stop();
  }

  #freeSlot(): number {
    const taken = new Set([...this.#disks].map(({ link }) => link?.slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    assert(slot < kernelDisksMax);
    return slot;
  }

  #inTurn<Answer>(action: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#turn.then(action);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}
