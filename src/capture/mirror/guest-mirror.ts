import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { guestAnswerMsMax, guestRetryMsMax, guestRetryMsMin } from '../../base/limits.ts';
import type { GuestDisk } from '../../qemu/guest-disks.ts';
import type { GuestParts } from './guest-parts.ts';
import { GuestSession } from './guest-session.ts';
import type { MirroredDisk } from './mirrored-disk.ts';

/** What protecting a guest does now. */
export interface GuestStatus {
  /** Whether its monitor answers. */
  readonly isConnected: boolean;
  /** Why not, in words for people; undefined while it does. */
  readonly reason: string | undefined;
  /** Its disks that are taken up. */
  readonly disks: readonly MirroredDiskStatus[];
}

/** One disk of a guest. */
export interface MirroredDiskStatus {
  /** The disk as the guest has it. */
  readonly guest: GuestDisk;
  /** Whether every write is copied to us now. */
  readonly isMirrored: boolean;
  /** Why it cannot be mirrored or read; undefined while nothing is wrong. */
  readonly reason: string | undefined;
}

const endingMsMax = 1_000;
const lookAgainMs = 100;

/**
 * Protects one guest from outside, for as long as it is let: finds it again whenever it was away, and mirrors its disks.
 *
 * Invariant: a disk is captured only while its mirror runs as far as we know, and a cut is stored as whole only once it is
 * certain that the mirror ran at its instant.
 */
export class GuestMirror {
  readonly #parts: GuestParts;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #session: GuestSession | undefined;
  #reason: string | undefined;
  #lostMs = -Infinity;

  /** @param parts - see GuestParts */
  constructor(parts: GuestParts) {
    this.#parts = parts;
    this.#running = this.#run();
  }

  /** What it does now. */
  get status(): GuestStatus {
    const disks = [...this.#parts.disks.values()].map(({ guest, link }) => ({
      guest,
      isMirrored: link !== undefined,
      reason: this.#session?.failures.get(guest.name),
    }));
    return { isConnected: this.#session !== undefined, reason: this.#reason, disks };
  }

  /** Has it look at once: a disk was paused or resumed. */
  wake(): void {
    this.#session?.wake();
  }

  /**
   * Makes sure that every write up to the instant of a cut was seen.
   * @param names - disks that the cut calls whole
   * @param atMicros - the instant
   * @throws UNSEEN_WRITES
   */
  async confirm(names: readonly string[], atMicros: Micros): Promise<void> {
    const { machine, disks } = this.#parts;
    for (const name of names) {
      const isSeen = await disks.get(name)?.isSeen(atMicros, () => this.#look());
      if (isSeen === true) continue;
      const reason = 'its mirror ended about then';
      throw new SecondwindError('UNSEEN_WRITES', { disk: `${machine}/${name}`, reason });
    }
  }

  /** Lets the guest go on alone: its disks have a last point, and nothing of us is left in QEMU. */
  async close(): Promise<void> {
    const { disks, server, log, machine } = this.#parts;
    this.#closing.abort();
    this.#session?.finish();
    // Else a disk that was let go of would be mirrored again.
    await this.#running;
    for (const disk of disks.values()) {
      try {
        await this.#session?.detach(disk, 'the protection was ended');
      } catch (error) {
        log.warn('A mirror could not be ended', { machine, disk: disk.guest.name, error });
      }
    }
    await this.#session?.close();
    for (const disk of disks.values()) await server.withdraw(disk.guest.name);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let retryMs = guestRetryMsMin;
    while (!signal.aborted) {
      try {
        this.#session = await GuestSession.open(this.#parts, () => this.#hasGuestEnded());
        if (signal.aborted) this.#session.finish();
        this.#reason = undefined;
        retryMs = guestRetryMsMin;
        await this.#session.run();
        this.#reason = 'the guest is away';
      } catch (error) {
        this.#reason = error instanceof Error ? error.message : String(error);
      }
      await this.#leave();
      await this.#pause(retryMs);
      retryMs = Math.min(retryMs * 2, guestRetryMsMax);
    }
  }

  /** The mirrors may go on without their monitor; whether they do is asked when it answers again. */
  async #leave(): Promise<void> {
    if (this.#session === undefined || this.#closing.signal.aborted) return;
    const session = this.#session;
    this.#lostMs = this.#parts.clock.steadyMs();
    await session.close();
    this.#session = undefined;
  }

  /**
   * A guest that ends closes both connections, and would have told of the end of a mirror before. Where events do not
   * come by themselves nobody knows.
   */
  async #hasGuestEnded(): Promise<boolean> {
    const { clock } = this.#parts;
    const startMs = clock.steadyMs();
    const session = this.#session;
    if (session === undefined) return startMs - this.#lostMs < endingMsMax;
    if (!session.hasEvents) return false;
    const { signal } = this.#closing;
    const isOver = (): boolean => session.isOver || session.isShutDown || signal.aborted;
    while (!isOver() && clock.steadyMs() - startMs < endingMsMax) await this.#pause(lookAgainMs);
    return session.isOver || session.isShutDown;
  }

  /** @returns whether QEMU has answered; waits for the monitor to come back, but not for ever */
  async #look(): Promise<boolean> {
    const { clock } = this.#parts;
    const startMs = clock.steadyMs();
    while (clock.steadyMs() - startMs < guestAnswerMsMax) {
      if ((await this.#session?.look()) === true) return true;
      if (this.#closing.signal.aborted || !this.#hasLinks) return false;
      await this.#pause(lookAgainMs);
    }
    return false;
  }

  get #hasLinks(): boolean {
    return [...this.#parts.disks.values()].some((disk: MirroredDisk) => disk.link !== undefined);
  }

  async #pause(durationMs: number): Promise<void> {
    await this.#parts.clock.sleep(durationMs, this.#closing.signal).catch(() => undefined);
  }
}
