import { type FileHandle, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { spoolBytesMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { MachineCaptureStatus } from '../capture/capture-status.ts';
import { type CutRequest, createCapturePool, MachineCapture } from '../capture/machine-capture.ts';
import { Spool } from '../capture/queue/spool.ts';
import { openRandomFile } from '../capture/random-file.ts';
import type { SlabPool } from '../capture/slab-pool.ts';
import type { WritableDisk } from '../disk/disk.ts';
import { type FileDisk, openFileDisk } from '../disk/file-disk.ts';
import type { CommitReceipt, Repository } from '../repository/index.ts';
import { type BackingFile, holdDevice, inspectBacking, stampOf } from './backing-file.ts';
import type { DiskRow } from './catalogue-row.ts';
import type { NbdListeners } from './nbd-listeners.ts';

/** What the taps of a server are made of. */
export interface LiveTapsParts {
  /** Where commits go, and what is stored already. */
  readonly repository: Repository;
  /** Where disks are served. */
  readonly listeners: NbdListeners;
  /** Decides the time of cuts. */
  readonly clock: Clock;
  /** Makes the keys of the spools. */
  readonly random: Random;
  /** Hears when capture changes its state. */
  readonly log: Logger;
  /** Absolute path of the data folder; intent maps and spools lie below it. */
  readonly dataFolder: string;
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

interface RunningMachine {
  readonly capture: MachineCapture;
  readonly windowMs: number;
  readonly taps: Map<string, RunningTap>;
}

/** The taps that run now: one capture for each machine, so that all its disks are cut at one instant. */
export class LiveTaps {
  readonly #parts: LiveTapsParts;
  readonly #pool: SlabPool;
  readonly #machines = new Map<string, RunningMachine>();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param parts - see LiveTapsParts */
  constructor(parts: LiveTapsParts) {
    this.#parts = parts;
    this.#pool = createCapturePool();
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
    return this.#machines.get(machine)?.taps.get(disk);
  }

  /** All taps that run. */
  all(): RunningTap[] {
    return [...this.#machines.values()].flatMap(({ taps }) => [...taps.values()]);
  }

  /**
   * What capture of a machine does now; undefined when none of its taps runs.
   * @param machine - its name
   */
  status(machine: string): MachineCaptureStatus | undefined {
    return this.#machines.get(machine)?.capture.status;
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
    const capture = this.#machines.get(row.machine)?.capture;
    if (isPaused) capture?.pauseDisk(row.disk);
    else capture?.resumeDisk(row.disk);
  }

  /**
   * Makes a point of this instant.
   * @param machine - its name
   * @param request - marks that go with it
   * @returns undefined when no tap of the machine runs
   * @throws NOT_CAPTURED
   */
  async cutNow(machine: string, request: CutRequest): Promise<CommitReceipt | undefined> {
    return this.#machines.get(machine)?.capture.cutNow(request);
  }

  /** Ends all captures, after storing what was captured. Clients must be gone. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const machines = [...this.#machines.values()];
      const taps = this.all();
      this.#machines.clear();
      await Promise.all(machines.map(({ capture }) => capture.close()));
      for (const { hold } of taps) await hold?.close();
    });
  }

  async #start(row: DiskRow): Promise<RunningTap> {
    const backing = await inspectBacking(row.path, this.all());
    const machine = await this.#machine(row);
    const name = exportName(row);
    const { listeners } = this.#parts;
    try {
      const listen = await listeners.take(row.listen, name);
      try {
        const tap = await this.#open(machine, { ...row, listen }, backing);
        machine.taps.set(row.disk, tap);
        listeners.serve(listen, { name, disk: tap.disk, description: row.path });
        return tap;
      } catch (error) {
        await listeners.withdraw(listen, name);
        throw error;
      }
    } catch (error) {
      await this.#end(machine, row.disk);
      await this.#endIfIdle(row.machine);
      throw error;
    }
  }

  async #open(machine: RunningMachine, row: DiskRow, backing: BackingFile): Promise<RunningTap> {
    const hold = await holdDevice(backing);
    try {
      return { row, disk: await this.#capture(machine, row, backing), backing, hold };
    } catch (error) {
      await hold?.close();
      throw error;
    }
  }

  async #end(machine: RunningMachine | undefined, disk: string): Promise<void> {
    const tap = machine?.taps.get(disk);
    if (machine === undefined || tap === undefined) return;
    machine.taps.delete(disk);
    await machine.capture.removeDisk(disk);
    await tap.hold?.close();
  }

  async #capture(
    machine: RunningMachine,
    row: DiskRow,
    backing: BackingFile,
  ): Promise<WritableDisk> {
    const file = await openFileDisk(backing.path, { clock: this.#parts.clock });
    return orClose(file, async () => {
      const intentFile = await openRandomFile(await this.#intentPath(row));
      return orClose(intentFile, () =>
        machine.capture.addDisk({
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
      await this.#end(this.#machines.get(row.machine), row.disk);
      await this.#endIfIdle(row.machine);
    }
    await rm(await this.#intentPath(row), { force: true });
  }

  async #machine(row: DiskRow): Promise<RunningMachine> {
    const known = this.#machines.get(row.machine);
    if (known === undefined) return this.#startMachine(row);
    if (known.windowMs === row.windowMs) return known;
    const reason = `All disks of ${row.machine} are cut together, every ${known.windowMs} ms; leave --window out or name the same`;
    throw new SecondwindError('USAGE', { reason });
  }

  async #startMachine(row: DiskRow): Promise<RunningMachine> {
    const { repository, clock, log, random } = this.#parts;
    const spoolFile = join(await this.#folder('spool'), `${row.machine}.spool`);
    const key = new Uint8Array(32);
    random.fill(key);
    const file = await openRandomFile(spoolFile, { isEmptied: true });
    const capture = new MachineCapture({
      machine: row.machine,
      sink: repository,
      views: repository,
      comparers: repository,
      clock,
      pool: this.#pool,
      spool: new Spool({ file, key, bytesMax: spoolBytesMax }),
      windowMs: row.windowMs,
      observer: {
        stateChanged: ({ machine, state, failure }) =>
          log.info('Capture changed its state', { machine, state, failure }),
      },
    });
    const machine = { capture, windowMs: row.windowMs, taps: new Map<string, RunningTap>() };
    this.#machines.set(row.machine, machine);
    return machine;
  }

  async #endIfIdle(name: string): Promise<void> {
    const machine = this.#machines.get(name);
    if (machine === undefined || machine.taps.size > 0) return;
    this.#machines.delete(name);
    await machine.capture.close();
  }

  async #intentPath(row: DiskRow): Promise<string> {
    return join(await this.#folder(join('intent', row.machine)), `${row.disk}.map`);
  }

  async #folder(name: string): Promise<string> {
    const folder = join(this.#parts.dataFolder, name);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fromSystemError(error, 'Making', folder);
    }
    return folder;
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
