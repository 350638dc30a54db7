import { type FileHandle, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { TappedDiskOptions } from '../capture/capture-options.ts';
import type { MachineCapture } from '../capture/machine-capture.ts';
import { openRandomFile } from '../capture/random-file.ts';
import type { WritableDisk } from '../disk/disk.ts';
import { openFileDisk } from '../disk/file-disk.ts';
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

/** A tap that is open, and neither captured nor served yet. */
interface PreparedTap {
  /** As it was asked for. */
  readonly asked: DiskRow;
  /** The same, with the address that was found. */
  readonly row: DiskRow;
  readonly backing: BackingFile;
  readonly hold: FileHandle | undefined;
  readonly capture: MachineCapture;
  readonly options: TappedDiskOptions;
  /** Takes everything back. */
  readonly undoing: AsyncDisposableStack;
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
   * Starts the taps of one machine together: a gap reaches back to the last commit before the one that tells of it, so disks that were
   * not captured while the server was away must be told of in one commit.
   * @param rows - of one machine
   * @returns why those failed that could not be started; the others run
   */
  startTogether(rows: readonly DiskRow[]): Promise<ReadonlyMap<DiskRow, unknown>> {
    return this.#inTurn(() => this.#startTogether(rows));
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
    const failure = (await this.#startTogether([row])).get(row);
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what was caught is thrown on
    if (failure !== undefined) throw failure;
    return this.find(row.machine, row.disk)!;
  }

  /** Everything is opened first, then all disks are captured from one instant on, then they are served. */
  async #startTogether(rows: readonly DiskRow[]): Promise<Map<DiskRow, unknown>> {
    const failures = new Map<DiskRow, unknown>();
    const prepared: PreparedTap[] = [];
    for (const row of rows) {
      try {
        prepared.push(await this.#prepare(row, prepared));
      } catch (error) {
        failures.set(row, error);
      }
    }
    if (prepared.length > 0) await this.#capture(prepared, failures);
    return failures;
  }

  async #capture(prepared: readonly PreparedTap[], failures: Map<DiskRow, unknown>): Promise<void> {
    try {
      const disks = await prepared[0]!.capture.addDisks(prepared.map(({ options }) => options));
      for (const [index, tap] of prepared.entries()) this.#serve(tap, disks[index]!);
    } catch (error) {
      for (const { undoing } of prepared) await undoing.disposeAsync();
      const rows = prepared.map(({ asked }) => asked);
      if (rows.length === 1) failures.set(rows[0]!, error);
      // One of them cannot be captured; which one shows when they are taken up one by one.
      else for (const row of rows) await this.#startAlone(row, failures);
    }
  }

  async #startAlone(row: DiskRow, failures: Map<DiskRow, unknown>): Promise<void> {
    for (const [failed, error] of await this.#startTogether([row])) failures.set(failed, error);
  }

  #serve({ row, backing, hold }: PreparedTap, disk: WritableDisk): void {
    const name = exportName(row);
    this.#taps.set(name, { row, disk, backing, hold });
    this.#parts.listeners.serve(row.listen, { name, disk, description: row.path });
  }

  async #prepare(asked: DiskRow, others: readonly PreparedTap[]): Promise<PreparedTap> {
    const { listeners, captures, clock } = this.#parts;
    const { machine, windowMs, disk } = asked;
    const undoing = new AsyncDisposableStack();
    try {
      const backing = await inspectBacking(asked.path, [...this.all(), ...others]);
      const capture = await captures.take({ machine, windowMs }, disk);
      undoing.defer(() => captures.letGo(machine, disk));
      const name = exportName(asked);
      const listen = await listeners.take(asked.listen, name);
      undoing.defer(() => listeners.withdraw(listen, name));
      const hold = await holdDevice(backing);
      undoing.defer(async () => hold?.close());
      const file = await openFileDisk(backing.path, { clock });
      undoing.defer(() => file.close());
      const intentFile = await openRandomFile(await this.#intentPath(asked));
      undoing.defer(() => intentFile.close());
      const options: TappedDiskOptions = {
        disk,
        backing: file,
        intentFile,
        stamp: () => stampOf(backing),
        cutAtEveryFlush: asked.isCutAtFlush,
        isPaused: asked.isPaused,
      };
      return { asked, row: { ...asked, listen }, backing, hold, capture, options, undoing };
    } catch (error) {
      await undoing.disposeAsync();
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
