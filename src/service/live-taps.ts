import { type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { MachineCapture } from '../capture/machine-capture.ts';
import { openRandomFile } from '../capture/random-file.ts';
import type { WritableDisk } from '../disk/disk.ts';
import { type FileDisk, openFileDisk } from '../disk/file-disk.ts';
import { type BackingFile, holdDevice, inspectBacking, stampOf } from './backing-file.ts';
import type { DiskRow } from './catalogue-row.ts';
import type { MachineCaptures } from './machine-captures.ts';
import type { NbdListeners } from './nbd-listeners.ts';

/** What the taps of a server are made of. */
export interface LiveTapsParts {
  /** Capture what is written. */
  readonly captures: MachineCaptures;
  /** Where disks are served. */
  readonly listeners: NbdListeners;
  /** Measures times. */
  readonly clock: Clock;
}

/** A disk that is served and captured. */
export interface RunningTap {
  /** As the catalogue keeps it, with the address that was found. */
  readonly row: DiskRow;
  /** What clients write to. */
  readonly disk: WritableDisk;
  /** The file or device behind it. */
  readonly backing: BackingFile;
  /** Keeps others away from a device; undefined for a file. */
  readonly hold: FileHandle | undefined;
}

/** The taps that run now. */
export class LiveTaps {
  readonly #parts: LiveTapsParts;
  /** By "machine/disk". */
  readonly #taps = new Map<string, RunningTap>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param parts - see LiveTapsParts */
  constructor(parts: LiveTapsParts) {
    this.#parts = parts;
  }

  /**
   * Starts a tap: its disk is served and captured when this ends.
   * @param row - as the catalogue keeps it
   * @throws NOT_A_DISK, IN_USE, ALREADY_EXISTS, USAGE, LIMIT_EXCEEDED, IO_FAILED, NO_SPACE
   */
  start(row: DiskRow): Promise<RunningTap> {
    return this.#inTurn(() => this.#start(row));
  }

  /**
   * Ends a tap for good: its address is free, and its intent map is gone.
   * @param row - as the catalogue keeps it
   * @throws IN_USE while clients are connected; IO_FAILED
   */
  stop(row: DiskRow): Promise<void> {
    return this.#inTurn(() => this.#stop(row));
  }

  /**
   * A tap that runs.
   * @param machine - its machine
   * @param disk - its disk
   */
  find(machine: string, disk: string): RunningTap | undefined {
    return this.#taps.get(exportName({ machine, disk }));
  }

  /** All taps that run. */
  all(): RunningTap[] {
    return [...this.#taps.values()];
  }

  /**
   * Clients connected to a tap.
   * @param tap - from `find`
   */
  clientCount(tap: RunningTap): number {
    return this.#parts.listeners.clientCount(tap.row.listen, exportName(tap.row));
  }

  /**
   * Pauses or resumes the capture of a disk that runs.
   * @param row - which
   * @param isPaused - whether it is captured from now on
   */
  setPaused(row: DiskRow, isPaused: boolean): void {
    const capture = this.#parts.captures.find(row.machine);
    if (isPaused) capture?.pauseDisk(row.disk);
    else capture?.resumeDisk(row.disk);
  }

  /** Lets go of all devices. The captures must have ended. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const taps = this.all();
      this.#taps.clear();
      for (const { hold } of taps) await hold?.close();
    });
  }

  async #start(row: DiskRow): Promise<RunningTap> {
    const backing = await inspectBacking(row.path, this.all());
    const { listeners, captures } = this.#parts;
    const { machine, windowMs, disk } = row;
    const capture = await captures.take({ machine, windowMs }, disk);
    const name = exportName(row);
    try {
      const listen = await listeners.take(row.listen, name);
      try {
        const tap = await this.#open(capture, { ...row, listen }, backing);
        this.#taps.set(name, tap);
        listeners.serve(listen, { name, disk: tap.disk, description: row.path });
        return tap;
      } catch (error) {
        await listeners.withdraw(listen, name);
        throw error;
      }
    } catch (error) {
      await this.#end(row);
      throw error;
    }
  }

  async #open(capture: MachineCapture, row: DiskRow, backing: BackingFile): Promise<RunningTap> {
    const hold = await holdDevice(backing);
    try {
      return { row, disk: await this.#capture(capture, row, backing), backing, hold };
    } catch (error) {
      await hold?.close();
      throw error;
    }
  }

  async #end(row: DiskRow): Promise<void> {
    const { captures } = this.#parts;
    const tap = this.find(row.machine, row.disk);
    if (tap !== undefined) {
      this.#taps.delete(exportName(row));
      await captures.find(row.machine)?.removeDisk(row.disk);
      await tap.hold?.close();
    }
    await captures.letGo(row.machine, row.disk);
  }

  async #capture(
    capture: MachineCapture,
    row: DiskRow,
    backing: BackingFile,
  ): Promise<WritableDisk> {
    const file = await openFileDisk(backing.path, { clock: this.#parts.clock });
    return orClose(file, async () => {
      const intentFile = await openRandomFile(await this.#intentPath(row));
      return orClose(intentFile, () =>
        capture.addDisk({
          disk: row.disk,
          backing: file,
          intentFile,
          stamp: () => stampOf(backing),
          cutAtEveryFlush: row.isCutAtFlush,
          isPaused: row.isPaused,
        }),
      );
    });
  }

  async #stop(row: DiskRow): Promise<void> {
    const tap = this.find(row.machine, row.disk);
    if (tap !== undefined) {
      const clients = this.clientCount(tap);
      if (clients > 0) {
        const what = `${row.machine}/${row.disk}`;
        const reason = `${clients} NBD clients are connected to its tap`;
        throw new SecondwindError('IN_USE', { what, reason });
      }
      await this.#parts.listeners.withdraw(tap.row.listen, exportName(row));
      await this.#end(row);
    }
    await rm(await this.#intentPath(row), { force: true });
  }

  async #intentPath(row: DiskRow): Promise<string> {
    return join(await this.#parts.captures.folder(join('intent', row.machine)), `${row.disk}.map`);
  }

  #inTurn<Answer>(action: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#turn.then(action);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/**
 * The name under which a tap serves its disk.
 * @param row - the disk
 */
export function exportName(row: Pick<DiskRow, 'machine' | 'disk'>): string {
  return `${row.machine}/${row.disk}`;
}

async function orClose<Answer>(
  opened: Pick<FileDisk, 'close'>,
  use: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await use();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
