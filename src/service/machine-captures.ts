import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Micros } from '../base/clock.ts';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { spoolBytesMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { MachineCaptureStatus } from '../capture/capture-status.ts';
import { createCapturePool } from '../capture/create-capture-pool.ts';
import { type CutRequest, MachineCapture } from '../capture/machine-capture.ts';
import { type Confirmation, ConfirmingSink } from '../capture/mirror/confirming-sink.ts';
import { Spool } from '../capture/queue/spool.ts';
import { openRandomFile } from '../capture/random-file.ts';
import type { SlabPool } from '../capture/slab-pool.ts';
import type { CommitReceipt, Repository } from '../repository/index.ts';

/** What the captures of a server are made of. */
export interface MachineCapturesParts {
  /** Where commits go, and what is stored already. */
  readonly repository: Repository;
  /** Decides the time of cuts. */
  readonly clock: Clock;
  /** Makes the keys of the spools. */
  readonly random: Random;
  /** Hears when capture changes its state. */
  readonly log: Logger;
  /** Absolute path of the data folder; intent maps and spools lie below it. */
  readonly dataFolder: string;
}

/** How a machine is captured. */
export interface CaptureOrder {
  /** Name of the machine. */
  readonly machine: string;
  /** Time between cuts, milliseconds. */
  readonly windowMs: number;
  /** Asked before a cut is stored; left out: nothing is asked. */
  readonly confirm?: Confirmation;
  /** See MachineCaptureOptions. */
  readonly toldMicros?: () => Micros;
  /** Waits until everything that was written until now was told; left out: it always was. */
  readonly catchUp?: () => Promise<void>;
}

interface RunningCapture {
  readonly capture: MachineCapture;
  readonly windowMs: number;
  /** Whether we are told of its writes, which others make. */
  readonly isTold: boolean;
  readonly catchUp: (() => Promise<void>) | undefined;
  /** Who needs it. */
  readonly holders: Set<string>;
}

/** The captures that run: one for each machine, so that all its disks are cut at one instant. They share their memory. */
export class MachineCaptures {
  readonly #parts: MachineCapturesParts;
  readonly #pool: SlabPool;
  readonly #running = new Map<string, RunningCapture>();

  /** @param parts - see MachineCapturesParts */
  constructor(parts: MachineCapturesParts) {
    this.#parts = parts;
    this.#pool = createCapturePool();
  }

  /**
   * Takes the capture of a machine; starts it for the first who does. Calls follow one another.
   * @param order - see CaptureOrder
   * @param holder - who needs it: lets go of it with `letGo`
   * @throws USAGE when it runs with another window; IO_FAILED, NO_SPACE
   */
  async take(order: CaptureOrder, holder: string): Promise<MachineCapture> {
    const { machine, windowMs } = order;
    const known = this.#running.get(machine) ?? (await this.#start(order));
    if (known.windowMs !== windowMs) {
      const reason = `All disks of ${machine} are cut together, every ${known.windowMs} ms; leave --window out or name the same`;
      throw new SecondwindError('USAGE', { reason });
    }
    if (known.isTold !== (order.toldMicros !== undefined)) {
      const reason = `The disks of ${machine} are cut together: either all of them are devices of this server, or none`;
      throw new SecondwindError('USAGE', { reason });
    }
    known.holders.add(holder);
    return known.capture;
  }

  /**
   * Lets go of the capture of a machine; the last one to do so ends it.
   * @param machine - its name
   * @param holder - as in `take`
   * @throws what a backing throws when it is closed
   */
  async letGo(machine: string, holder: string): Promise<void> {
    const known = this.#running.get(machine);
    known?.holders.delete(holder);
    if (known === undefined || known.holders.size > 0) return;
    this.#running.delete(machine);
    await known.capture.close();
  }

  /**
   * The capture of a machine, while it runs.
   * @param machine - its name
   */
  find(machine: string): MachineCapture | undefined {
    return this.#running.get(machine)?.capture;
  }

  /**
   * What capture of a machine does now; undefined when nothing of it is captured.
   * @param machine - its name
   */
  status(machine: string): MachineCaptureStatus | undefined {
    return this.find(machine)?.status;
  }

  /**
   * Makes a point of this instant.
   * @param machine - its name
   * @param request - marks that go with it
   * @returns undefined when nothing of the machine is captured
   * @throws NOT_CAPTURED
   */
  async cutNow(machine: string, request: CutRequest): Promise<CommitReceipt | undefined> {
    const running = this.#running.get(machine);
    await running?.catchUp?.();
    return running?.capture.cutNow(request);
  }

  /** Ends all captures, after storing what was captured. Clients must be gone. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map(({ capture }) => capture.close()));
  }

  /**
   * A folder below the data folder, made when it is not there.
   * @param name - relative path
   * @throws IO_FAILED, NO_SPACE
   */
  async folder(name: string): Promise<string> {
    const folder = join(this.#parts.dataFolder, name);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fromSystemError(error, 'Making', folder);
    }
    return folder;
  }

  async #start(order: CaptureOrder): Promise<RunningCapture> {
    const { machine, windowMs, confirm, toldMicros, catchUp } = order;
    const { repository, clock, log, random } = this.#parts;
    const spoolFile = join(await this.folder('spool'), `${machine}.spool`);
    const key = new Uint8Array(32);
    random.fill(key);
    const file = await openRandomFile(spoolFile, { isEmptied: true });
    const capture = new MachineCapture({
      machine,
      sink: confirm === undefined ? repository : new ConfirmingSink(repository, confirm),
      views: repository,
      comparers: repository,
      clock,
      pool: this.#pool,
      spool: new Spool({ file, key, bytesMax: spoolBytesMax }),
      windowMs,
      ...(toldMicros === undefined ? {} : { toldMicros }),
      observer: {
        stateChanged: ({ state, failure }) =>
          log.info('Capture changed its state', { machine, state, failure }),
      },
    });
    const isTold = toldMicros !== undefined;
    const running = { capture, windowMs, isTold, catchUp, holders: new Set<string>() };
    this.#running.set(machine, running);
    return running;
  }
}
