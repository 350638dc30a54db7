import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import type { GuestConnector } from '../../qemu/connect-guest.ts';
import type { GuestAddress } from '../../qemu/guest-monitor.ts';
import type { MachineCapture } from '../machine-capture.ts';
import type { MirroredDisk } from './mirrored-disk.ts';

/** Serves disks to a guest's QEMU. */
export interface MirrorServer {
  /** Path of the Unix socket. */
  readonly socketPath: string;
  /**
   * Serves a disk.
   * @param disk - its name on the machine
   * @param served - what QEMU writes to
   * @param onClients - told how many connections there are, whenever that changes
   * @throws IN_USE, IO_FAILED, LIMIT_EXCEEDED
   */
  serve(disk: string, served: WritableDisk, onClients: (count: number) => void): Promise<void>;
  /** Serves a disk no longer. @param disk - its name on the machine */
  withdraw(disk: string): Promise<void>;
  /** Name under which a disk is served. @param disk - its name on the machine */
  exportName(disk: string): string;
}

/** What protecting a guest from outside is made of. */
export interface GuestParts {
  /** Name of the machine. */
  readonly machine: string;
  /** Where its monitor is. */
  readonly address: GuestAddress;
  /** Names of the disks to protect; none: all. */
  readonly wanted: readonly string[];
  /** How the names of our jobs, nodes and exports in QEMU begin: this guest's alone, the same after a restart; 20 characters at most. */
  readonly prefix: string;
  /** Unix socket at which QEMU serves its images to us. */
  readonly sourceSocketPath: string;
  /** Captures the machine. */
  readonly capture: MachineCapture;
  /** Serves the disks that QEMU writes to. */
  readonly server: MirrorServer;
  /** Connects to monitors. */
  readonly connect: GuestConnector;
  /** Whether a disk is not to be mirrored for now, by order. */
  readonly isPaused: (disk: string) => boolean;
  /** Tells the time. */
  readonly clock: Clock;
  /** Hears what happens. */
  readonly log: Logger;
  /** The disks that are taken up, by name. */
  readonly disks: Map<string, MirroredDisk>;
}
