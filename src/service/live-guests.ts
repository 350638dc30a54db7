import { chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fromSystemError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { GuestMirror, type GuestStatus } from '../capture/mirror/guest-mirror.ts';
import type { MirrorServer } from '../capture/mirror/guest-parts.ts';
import type { GuestConnector } from '../qemu/connect-guest.ts';
import type { GuestRow } from './catalogue-row.ts';
import type { MachineCaptures } from './machine-captures.ts';
import type { NbdListeners } from './nbd-listeners.ts';

/** What the mirrors of a server are made of. */
export interface LiveGuestsParts {
  /** Capture what is written. */
  readonly captures: MachineCaptures;
  /** Where QEMU writes to. */
  readonly listeners: NbdListeners;
  /** Connects to monitors. */
  readonly connect: GuestConnector;
  /** Tells the time. */
  readonly clock: Clock;
  /** Hears what happens. */
  readonly log: Logger;
}

/** What is known of one disk of a guest. */
export interface MirrorFacts {
  /** Its image, in the words of the guest's QEMU; undefined while the guest was never seen. */
  readonly path: string | undefined;
  /** Size, bytes; undefined while the guest was never seen. */
  readonly sizeBytes: number | undefined;
  /** Whether it is not mirrored, by order. */
  readonly isPaused: boolean;
  /** What is wrong, in words for people; undefined when nothing is. */
  readonly reason: string | undefined;
}

interface RunningGuest {
  row: GuestRow;
  readonly mirror: GuestMirror;
}

const holder = 'mirror';

/** The guests that are protected from outside now. */
export class LiveGuests {
  readonly #parts: LiveGuestsParts;
  readonly #guests = new Map<string, RunningGuest>();

  /** @param parts - see LiveGuestsParts */
  constructor(parts: LiveGuestsParts) {
    this.#parts = parts;
  }

  /**
   * Begins to protect a guest; it need not be there now.
   * @param row - as the catalogue keeps it
   * @throws IO_FAILED, NO_SPACE
   */
  async start(row: GuestRow): Promise<void> {
    const { captures, connect, clock, log } = this.#parts;
    const { machine, windowMs, address, wanted, token } = row;
    const folder = row.socketFolder === '' ? await captures.folder('guests') : row.socketFolder;
    const confirm = (disks: readonly string[], atMicros: number): Promise<void> =>
      mirror.confirm(disks, atMicros);
    const capture = await captures.take({ machine, windowMs, confirm }, holder);
    const mirror = new GuestMirror({
      ...{ machine, address, wanted, capture, connect, clock, log, disks: new Map() },
      prefix: `secondwind-${token}-`,
      sourceSocketPath: join(folder, `secondwind-${token}-read.sock`),
      server: this.#serverFor(machine, join(folder, `secondwind-${token}.sock`)),
      isPaused: (disk) => this.#guests.get(machine)?.row.paused.includes(disk) === true,
    });
    this.#guests.set(machine, { row, mirror });
  }

  /**
   * Ends the protection of a guest, which goes on; what was stored stays.
   * @param machine - its name
   * @throws IO_FAILED
   */
  async stop(machine: string): Promise<void> {
    const guest = this.#guests.get(machine);
    if (guest === undefined) return;
    await guest.mirror.close();
    this.#guests.delete(machine);
    await this.#parts.captures.letGo(machine, holder);
  }

  /**
   * What protecting a guest does now; undefined when it is not protected.
   * @param machine - its name
   */
  status(machine: string): GuestStatus | undefined {
    return this.#guests.get(machine)?.mirror.status;
  }

  /**
   * Names of the disks of a guest that are taken up.
   * @param machine - its name
   */
  diskNames(machine: string): readonly string[] {
    return this.status(machine)?.disks.map(({ guest }) => guest.name) ?? [];
  }

  /**
   * What is known of a disk; undefined when its machine is not protected from outside.
   * @param machine - its machine
   * @param disk - its name
   */
  facts(machine: string, disk: string): MirrorFacts | undefined {
    const running = this.#guests.get(machine);
    if (running === undefined) return undefined;
    const { status } = running.mirror;
    const known = status.disks.find(({ guest }) => guest.name === disk);
    return {
      path: known?.guest.path,
      sizeBytes: known?.guest.sizeBytes,
      isPaused: running.row.paused.includes(disk),
      reason: status.reason ?? known?.reason,
    };
  }

  /**
   * Has a changed row take effect: disks that are paused now are let go of, others are mirrored again.
   * @param row - as the catalogue keeps it now
   */
  change(row: GuestRow): void {
    const running = this.#guests.get(row.machine);
    if (running === undefined) return;
    const { captures } = this.#parts;
    for (const disk of this.diskNames(row.machine)) {
      if (row.paused.includes(disk)) captures.find(row.machine)?.pauseDisk(disk);
      else if (running.row.paused.includes(disk)) captures.find(row.machine)?.resumeDisk(disk);
    }
    running.row = row;
    running.mirror.wake();
  }

  /** Lets go of all guests: their disks have a last point, and their captures have yet to be ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#guests.values()].map(({ mirror }) => mirror.close()));
    this.#guests.clear();
  }

  #serverFor(machine: string, socketPath: string): MirrorServer {
    const { listeners } = this.#parts;
    const listen = `unix:${socketPath}`;
    const exportName = (disk: string): string => `${machine}/${disk}`;
    return {
      socketPath,
      exportName,
      serve: async (disk, served, onClients) => {
        const name = exportName(disk);
        await listeners.take(listen, name);
        try {
          await giveToFolderOwner(socketPath);
          const description = 'the mirror of a running guest';
          listeners.serve(listen, { name, disk: served, description, onClients });
        } catch (error) {
          await listeners.withdraw(listen, name);
          throw error;
        }
      },
      withdraw: (disk) => listeners.withdraw(listen, exportName(disk)),
    };
  }
}

/** QEMU often runs as a user of its own, which then owns the folder; nobody else may connect. */
async function giveToFolderOwner(socketPath: string): Promise<void> {
  try {
    const { uid, gid } = await stat(join(socketPath, '..'));
    if (uid !== process.getuid?.()) await chown(socketPath, uid, gid);
  } catch (error) {
    throw fromSystemError(error, 'Giving to QEMU', socketPath);
  }
}
