import { isSecondwindError } from '../../base/errors.ts';
import { guestDisksLookMs, guestLookMs } from '../../base/limits.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { connectNbd } from '../../nbd/client/nbd-client.ts';
import { type GuestDisk, listGuestDisks } from '../../qemu/guest-disks.ts';
import type { GuestMonitor } from '../../qemu/guest-monitor.ts';
import { runningMirrors, startMirror, stopMirror, stopOldMirrors } from '../../qemu/mirror-job.ts';
import type { GuestEvent } from '../../qemu/qmp-message.ts';
import { SourceExports, stopOldExports } from '../../qemu/source-export.ts';
import { unkeptIntents } from '../unkept-intents.ts';
import { FailureWatch } from './failure-watch.ts';
import type { GuestParts } from './guest-parts.ts';
import { MirroredBacking } from './mirrored-backing.ts';
import { MirroredDisk, type MirroredDiskParts } from './mirrored-disk.ts';
import { SourceReader } from './source-reader.ts';

/** Events that tell of a mirror's end. */
const jobEnds = new Set(['BLOCK_JOB_ERROR', 'BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED']);
/** Events after which the disks of the guest may be others. */
const diskChanges = new Set(['DEVICE_DELETED', 'DEVICE_UNPLUG_GUEST_ERROR', 'RESET', 'RESUME']);

/** One connection to a guest: mirrors what is to be mirrored, and notices what has changed. */
export class GuestSession {
  readonly #parts: GuestParts;
  readonly #hasGuestEnded: MirroredDiskParts['hasGuestEnded'];
  readonly #over = new AbortController();
  #monitor!: GuestMonitor;
  #exports!: SourceExports;
  #rest = new AbortController();
  #listedMs = -Infinity;
  #isShutDown = false;
  #isEnding = false;
  #lastNumber = 0;
  #looking: Promise<boolean> = Promise.resolve(true);
  #nextLook: Promise<boolean> | undefined;
  #failures = new Map<string, string>();

  private constructor(parts: GuestParts, hasGuestEnded: MirroredDiskParts['hasGuestEnded']) {
    this.#parts = parts;
    this.#hasGuestEnded = hasGuestEnded;
  }

  /**
   * Connects to a guest.
   * @param parts - see GuestParts
   * @param hasGuestEnded - see MirroredDiskParts
   * @throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL
   */
  static async open(
    parts: GuestParts,
    hasGuestEnded: MirroredDiskParts['hasGuestEnded'],
  ): Promise<GuestSession> {
    const session = new GuestSession(parts, hasGuestEnded);
    session.#monitor = await parts.connect(parts.address, {
      event: (event) => session.#hear(event),
      closed: () => session.#end(),
    });
    session.#exports = new SourceExports(session.#monitor, parts.sourceSocketPath);
    return session;
  }

  /** Whether the guest has said that it shuts down. */
  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  /** Whether the connection has ended. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Whether the end of the connection is told at once. */
  get hasEvents(): boolean {
    return this.#monitor.hasEvents;
  }

  /** Why disks cannot be mirrored, by name. */
  get failures(): ReadonlyMap<string, string> {
    return this.#failures;
  }

  /** Ends when the connection has ended. @throws GUEST_UNREACHABLE, GUEST_REFUSED, PROTOCOL */
  async run(): Promise<void> {
    const { prefix, disks } = this.#parts;
    await stopOldExports(this.#monitor, prefix);
    for (const disk of disks.values()) {
      // Of a disk whose mirror has ended nobody knows yet what QEMU calls it now.
      disk.source = disk.link === undefined ? undefined : this.#sourceOf(disk.guest);
    }
    while (!this.isOver && !this.#isEnding) {
      const isDue = this.#parts.clock.steadyMs() - this.#listedMs >= guestDisksLookMs;
      if (isDue || this.#isAnyIdle) await this.#reconcile();
      if (!(await this.look())) return;
      await this.#pause();
    }
  }

  /** Has the loop end, so that nothing is mirrored anew; the connection stays. */
  finish(): void {
    this.#isEnding = true;
    this.#rest.abort();
  }

  /** Has the loop go round at once. */
  wake(): void {
    this.#listedMs = -Infinity;
    this.#rest.abort();
  }

  /**
   * Asks QEMU, from now on, which mirrors run.
   * @returns whether it has answered
   */
  look(): Promise<boolean> {
    this.#nextLook ??= this.#looking.then(() => {
      this.#nextLook = undefined;
      this.#looking = this.#look();
      return this.#looking;
    });
    return this.#nextLook;
  }

  /**
   * Lets go of a disk: its last point has everything up to now, and its job ends. The guest goes on.
   * @param disk - the disk
   * @param reason - why, in words for people
   */
  async detach(disk: MirroredDisk, reason: string): Promise<void> {
    const { link } = disk;
    if (link === undefined) return;
    await disk.release(reason, async (id) => {
      return (await this.look()) && (await runningMirrors(this.#monitor)).has(id);
    });
    await disk.source?.close().catch(() => undefined);
    disk.source = undefined;
    await stopMirror(this.#monitor, link.id);
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    for (const disk of this.#parts.disks.values()) {
      await disk.source?.close().catch(() => undefined);
      disk.source = undefined;
    }
    this.#monitor.close();
    this.#end();
  }

  get #isAnyIdle(): boolean {
    const { disks, isPaused } = this.#parts;
    return [...disks.values()].some(
      ({ link, guest }) => link === undefined && !isPaused(guest.name),
    );
  }

  #end(): void {
    this.#over.abort();
    this.#rest.abort();
  }

  #hear({ name, data }: GuestEvent): void {
    if (name === 'SHUTDOWN') this.#isShutDown = true;
    if (name === 'RESET' || name === 'RESUME') this.#isShutDown = false;
    if (diskChanges.has(name)) this.wake();
    if (!jobEnds.has(name)) return;
    for (const disk of this.#parts.disks.values()) {
      if (disk.link?.id !== data['device']) continue;
      if (this.#isShutDown) disk.end('the guest was shut down');
      else disk.fail('QEMU ended the mirror');
      this.wake();
    }
  }

  async #look(): Promise<boolean> {
    const { clock, disks } = this.#parts;
    const asked = [...disks.values()].map((disk) => ({ disk, link: disk.link }));
    const askedMicros = clock.nowMicros();
    try {
      const running = await runningMirrors(this.#monitor);
      for (const { disk, link } of asked) {
        if (link === undefined || disk.link !== link) continue;
        if (running.has(link.id)) disk.seen(askedMicros);
        else disk.fail('QEMU ended the mirror');
      }
      return true;
    } catch (error) {
      this.#parts.log.warn('A guest does not answer', { machine: this.#parts.machine, error });
      return false;
    }
  }

  /** Brings what is mirrored into step with the disks that the guest has and those that are wanted. */
  async #reconcile(): Promise<void> {
    const { clock, disks } = this.#parts;
    const found = (await listGuestDisks(this.#monitor)).filter((disk) => this.#isWanted(disk));
    this.#listedMs = clock.steadyMs();
    this.#failures = new Map();
    for (const disk of disks.values()) {
      await this.#compare(
        disk,
        found.find(({ name }) => name === disk.guest.name),
      );
    }
    await stopOldMirrors(this.#monitor, this.#parts.prefix, this.#linkIds());
    await this.#add(found.filter(({ name }) => !disks.has(name)));
    for (const disk of disks.values()) await this.#takeUp(disk);
  }

  /** Lets go of a disk that has changed: its mirror copies what it was. */
  async #compare(disk: MirroredDisk, now: GuestDisk | undefined): Promise<void> {
    if (now === undefined) return this.#drop(disk, 'the guest has the disk no longer');
    if (now.sizeBytes !== disk.guest.sizeBytes) return this.#drop(disk, 'the disk was resized');
    if (this.#parts.isPaused(now.name)) await this.detach(disk, 'capture was paused');
    if (now.node !== disk.guest.node) {
      await this.detach(disk, 'the guest uses another image');
      await disk.source?.close().catch(() => undefined);
      disk.source = undefined;
    }
    disk.guest = now;
  }

  #isWanted({ name, aliases }: GuestDisk): boolean {
    const { wanted } = this.#parts;
    if (wanted.length === 0) return true;
    return wanted.some((word) => word === name || aliases.includes(word));
  }

  #linkIds(): Set<string> {
    const ids = [...this.#parts.disks.values()].map(({ link }) => link?.id);
    return new Set(ids.filter((id) => id !== undefined));
  }

  async #drop(disk: MirroredDisk, reason: string): Promise<void> {
    const { capture, server, disks } = this.#parts;
    const { name } = disk.guest;
    await this.detach(disk, reason);
    await server.withdraw(name);
    disks.delete(name);
    await capture.removeDisk(name, reason);
  }

  /** A disk that cannot be mirrored keeps no other from it. */
  async #takeUp(disk: MirroredDisk): Promise<void> {
    const { isPaused, machine, log } = this.#parts;
    const { name } = disk.guest;
    if (disk.link !== undefined || isPaused(name)) return;
    try {
      await this.#attach(disk);
    } catch (error) {
      if (isSecondwindError(error, 'GUEST_UNREACHABLE')) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#failures.set(name, reason);
      log.warn('A disk of a guest cannot be mirrored', { machine, disk: name, error });
    }
  }

  /** Disks that are new here are told of in one commit. */
  async #add(guests: readonly GuestDisk[]): Promise<void> {
    const { capture, isPaused, machine, clock, disks } = this.#parts;
    if (guests.length === 0) return;
    const parts = { machine, capture, clock, hasGuestEnded: this.#hasGuestEnded };
    const added = guests.map((guest) => new MirroredDisk(guest, parts));
    const taps = await capture.addDisks(
      added.map((disk) => ({
        disk: disk.guest.name,
        backing: new MirroredBacking(disk.guest.sizeBytes, () => disk.image),
        intentFile: unkeptIntents,
        isPaused: isPaused(disk.guest.name),
        unseenReason: 'the guest was not mirrored',
      })),
    );
    for (const [index, disk] of added.entries()) {
      disks.set(disk.guest.name, disk);
      await this.#serve(disk, taps[index]!);
    }
  }

  async #serve(disk: MirroredDisk, tap: WritableDisk): Promise<void> {
    const { server, disks, capture } = this.#parts;
    const { name } = disk.guest;
    const served = new FailureWatch(tap, () => disk.fail('a copied write was not taken'));
    try {
      await server.serve(name, served, (count) => {
        if (count === 0) disk.end('the connection with the guest was lost');
      });
    } catch (error) {
      disks.delete(name);
      await capture.removeDisk(name, 'the disk could not be served to the guest');
      throw error;
    }
  }

  async #attach(disk: MirroredDisk): Promise<void> {
    const { server, prefix, clock } = this.#parts;
    const { name, node } = disk.guest;
    disk.source ??= this.#sourceOf(disk.guest);
    await disk.source.open().catch((error: unknown) => {
      this.#failures.set(name, error instanceof Error ? error.message : String(error));
    });
    const id = prefix + Math.floor(clock.nowMicros() / 1000).toString(36) + this.#number();
    const { socketPath } = server;
    await startMirror(this.#monitor, { id, node, socketPath, exportName: server.exportName(name) });
    disk.begin(id);
  }

  #sourceOf({ name, node }: GuestDisk): SourceReader {
    const { prefix, clock, machine } = this.#parts;
    const exports = this.#exports;
    const id = `${prefix}read-${this.#number()}`;
    const open = async (): Promise<Awaited<ReturnType<typeof connectNbd>>> => {
      const path = await exports.start({ id, node });
      try {
        const endpoint = { kind: 'unix', path } as const;
        return await connectNbd({ endpoint, exportName: id, signal: this.#over.signal });
      } catch (error) {
        await exports.stop(id);
        throw error;
      }
    };
    return new SourceReader({
      name: `${machine}/${name}`,
      open,
      ended: () => exports.stop(id),
      clock,
    });
  }

  #number(): string {
    this.#lastNumber = (this.#lastNumber + 1) % 36 ** 2;
    return this.#lastNumber.toString(36);
  }

  async #pause(): Promise<void> {
    this.#rest = new AbortController();
    if (this.isOver || this.#isEnding) return;
    await this.#parts.clock.sleep(guestLookMs, this.#rest.signal).catch(() => undefined);
  }
}
