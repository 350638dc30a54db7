import { stat } from 'node:fs/promises';
import { SecondwindError } from '../base/errors.ts';
import type { KernelCapture } from '../capture/kernel/kernel-capture.ts';
import type { LiveDiskOrder } from '../capture/kernel/live-disk.ts';
import { deviceNumber } from '../disk/device-number.ts';
import type { DiskRow } from './catalogue-row.ts';
import { devicesUnder } from './devices-under.ts';
import type { MachineCaptures } from './machine-captures.ts';

/** What protecting devices of this system is made of. */
export interface LiveDevicesParts {
  /** Capture machines. */
  readonly captures: MachineCaptures;
  /** Captures devices. */
  readonly kernel: KernelCapture;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
}

/** What is known of a device. */
export interface DeviceFacts {
  /** Size, bytes; undefined while it was never seen. */
  readonly sizeBytes: number | undefined;
  /** Why it is not captured now; undefined while it is. */
  readonly reason: string | undefined;
}

/** The block devices of this system that are protected while they are in use. */
export class LiveDevices {
  readonly #parts: LiveDevicesParts;
  /** Disks that are paused by order, "machine/disk". */
  readonly #paused = new Set<string>();

  /** @param parts - see LiveDevicesParts */
  constructor(parts: LiveDevicesParts) {
    this.#parts = parts;
  }

  /**
   * Takes up devices again; one that is not there is waited for.
   * @param rows - as the catalogue keeps them
   * @throws USAGE, LIMIT_EXCEEDED, IO_FAILED, NO_SPACE
   */
  async startAll(rows: readonly DiskRow[]): Promise<void> {
    const orders: LiveDiskOrder[] = [];
    for (const row of rows) orders.push(await this.#order(row));
    await this.#parts.kernel.add(orders);
  }

  /**
   * Begins to protect a device.
   * @param row - as the catalogue keeps it
   * @throws NOT_A_DISK, CAPTURE_UNAVAILABLE, USAGE, LIMIT_EXCEEDED, IO_FAILED, NO_SPACE
   */
  async start(row: DiskRow): Promise<void> {
    const { kernel, captures } = this.#parts;
    const { machine, disk, path } = row;
    await this.#refuseOwnDisk(path);
    await kernel.add([await this.#order(row)]);
    const reason = kernel.find(machine, disk)?.reason;
    if (reason === undefined) return;
    await kernel.remove(machine, disk);
    await captures.letGo(machine, disk);
    throw new SecondwindError('CAPTURE_UNAVAILABLE', { reason });
  }

  /**
   * Ends the protection of a device.
   * @param row - as the catalogue keeps it
   * @throws what closing throws
   */
  async stop({ machine, disk }: DiskRow): Promise<void> {
    const { kernel, captures } = this.#parts;
    const isKnown = kernel.find(machine, disk)?.sizeBytes !== undefined;
    await kernel.remove(machine, disk);
    if (isKnown) await captures.find(machine)?.removeDisk(disk);
    await captures.letGo(machine, disk);
  }

  /**
   * Pauses or resumes the capture of a device.
   * @param row - which
   * @param isPaused - whether its writes are only noted from now on
   */
  setPaused({ machine, disk }: DiskRow, isPaused: boolean): void {
    const name = `${machine}/${disk}`;
    if (isPaused) this.#paused.add(name);
    else this.#paused.delete(name);
    if (this.#parts.kernel.find(machine, disk)?.sizeBytes === undefined) return;
    const capture = this.#parts.captures.find(machine);
    if (isPaused) capture?.pauseDisk(disk);
    else capture?.resumeDisk(disk);
  }

  /**
   * What is known of a device; undefined when it is not protected.
   * @param machine - its machine
   * @param disk - its name
   */
  facts(machine: string, disk: string): DeviceFacts | undefined {
    const found = this.#parts.kernel.find(machine, disk);
    return found === undefined ? undefined : { sizeBytes: found.sizeBytes, reason: found.reason };
  }

  /** Ends capturing: everything that was written until now is in the captures, which have yet to be closed. */
  close(): Promise<void> {
    return this.#parts.kernel.close();
  }

  async #order(row: DiskRow): Promise<LiveDiskOrder> {
    const { captures, kernel } = this.#parts;
    const { machine, disk, path, windowMs } = row;
    const name = `${machine}/${disk}`;
    if (row.isPaused) this.#paused.add(name);
    const told = { toldMicros: () => kernel.toldMicros, catchUp: () => kernel.catchUp() };
    const capture = await captures.take({ machine, windowMs, ...told }, disk);
    return { machine, disk, path, capture, isPaused: () => this.#paused.has(name) };
  }

  /** Storing what was written would be written to the same disk, and stored again, without end. */
  async #refuseOwnDisk(path: string): Promise<void> {
    const device = await stat(path).catch(() => undefined);
    if (device?.isBlockDevice() !== true) {
      throw new SecondwindError('NOT_A_DISK', { file: path, reason: 'it is no block device' });
    }
    const own = await devicesUnder(this.#parts.dataFolder);
    if (!own.has(deviceNumber(device.rdev))) return;
    const reason = `the data folder of this server lies on ${path}: what is stored would be captured and stored again, without end`;
    throw new SecondwindError('USAGE', { reason });
  }
}
