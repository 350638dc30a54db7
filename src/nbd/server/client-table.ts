import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import {
  nbdConnectionsMax,
  nbdDrainMsMax,
  nbdHandshakesMax,
  nbdSweepMs,
} from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { BufferPool } from './buffer-pool.ts';
import { BusyPoll } from './busy-poll.ts';
import { Connection, type ConnectionContext } from './connection.ts';
import { ExportTable, type NbdExport } from './nbd-export.ts';

/** How to send clients away. */
export interface RemoveOptions {
  /** Whether requests under way are answered before clients are sent away; yes when left out. */
  readonly isGraceful?: boolean;
}

/** How many clients there are. */
export interface NbdClients {
  /** Clients that have not chosen an export yet. */
  readonly handshakes: number;
  /** Clients using an export, by its name. */
  readonly byExport: ReadonlyMap<string, number>;
}

/** The clients of one listener: who may come in, who uses what, who is late. */
export class ClientTable implements ConnectionContext {
  /** What clients can choose. */
  readonly exports: ExportTable = new ExportTable();
  /** Where buffers come from. */
  readonly pool: BufferPool = new BufferPool();
  /** Keeps the event loop awake between quick requests. */
  readonly poll: BusyPoll;
  /** Where violations and failures are told. */
  readonly log: Logger;
  /** Measures times. */
  readonly clock: Clock;
  readonly #handshakes = new Set<Connection>();
  readonly #users = new Map<NbdExport, Set<Connection>>();
  readonly #closing = new AbortController();
  readonly #sweeping: Promise<void>;
  #connectionCount = 0;

  /**
   * @param log - where violations and failures are told
   * @param clock - measures times
   */
  constructor(log: Logger, clock: Clock) {
    this.log = log;
    this.clock = clock;
    this.poll = new BusyPoll(clock);
    this.#sweeping = this.#sweep(this.#closing.signal);
  }

  /**
   * Takes a client in. When too many have not chosen an export yet, the one that has waited longest makes room: whoever only
   * occupies places cannot keep others out.
   * @param socket - accepted, paused
   */
  accept(socket: Socket): void {
    if (this.#handshakes.size >= nbdHandshakesMax) {
      const [longest] = this.#handshakes;
      this.log.debug('too many NBD handshakes at once: dropped the one that waited longest');
      this.#handshakes.delete(longest!);
      longest!.destroy();
    }
    this.#connectionCount += 1;
    this.#handshakes.add(new Connection(socket, this, this.#connectionCount));
  }

  /** @inheritdoc */
  admits(): boolean {
    let count = 0;
    for (const users of this.#users.values()) count += users.size;
    return count < nbdConnectionsMax;
  }

  /** @inheritdoc */
  agreed(connection: Connection, nbdExport: NbdExport): void {
    this.#handshakes.delete(connection);
    const users = this.#users.get(nbdExport) ?? new Set();
    users.add(connection);
    this.#users.set(nbdExport, users);
    nbdExport.onClients(users.size);
  }

  /** @inheritdoc */
  ended(connection: Connection, nbdExport: NbdExport | undefined): void {
    this.#handshakes.delete(connection);
    if (nbdExport === undefined) return;
    const users = this.#users.get(nbdExport);
    if (users?.delete(connection) !== true) return;
    if (users.size === 0) this.#users.delete(nbdExport);
    nbdExport.onClients(users.size);
  }

  /** Counts the clients. */
  count(): NbdClients {
    const all = this.exports.all();
    const byExport = new Map(all.map((each) => [each.name, this.#users.get(each)?.size ?? 0]));
    return { handshakes: this.#handshakes.size, byExport };
  }

  /**
   * Sends away the clients of an export; ends when none of their requests is under way.
   * @param nbdExport - no longer offered
   * @param options - see RemoveOptions
   */
  async endUsersOf(nbdExport: NbdExport, options?: RemoveOptions): Promise<void> {
    const users = [...(this.#users.get(nbdExport) ?? [])];
    await Promise.all(users.map((connection) => this.#end(connection, options)));
  }

  /**
   * Sends all clients away; ends when none of their requests is under way.
   * @param options - see RemoveOptions
   */
  async close(options?: RemoveOptions): Promise<void> {
    this.#closing.abort();
    const users = [...this.#users.values()].flatMap((each) => [...each]);
    const handshakes = [...this.#handshakes].map((each) => this.#end(each, { isGraceful: false }));
    await Promise.all([...handshakes, ...users.map((each) => this.#end(each, options))]);
    await this.#sweeping;
  }

  async #end(connection: Connection, options?: RemoveOptions): Promise<void> {
    if (options?.isGraceful === false) {
      connection.destroy();
      await connection.whenEnded;
      return;
    }
    const ended = new AbortController();
    const enforced = this.#destroyLate(connection, ended.signal);
    await connection.stop();
    await connection.whenEnded;
    ended.abort();
    await enforced;
  }

  async #destroyLate(connection: Connection, ended: AbortSignal): Promise<void> {
    try {
      await this.clock.sleep(nbdDrainMsMax, ended);
      connection.destroy();
    } catch (error) {
      if (!ended.aborted) throw error;
    }
  }

  async #sweep(closing: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.clock.sleep(nbdSweepMs, closing);
        const nowMs = this.clock.steadyMs();
        for (const connection of this.#handshakes) connection.sweep(nowMs);
        for (const users of this.#users.values()) {
          for (const connection of users) connection.sweep(nowMs);
        }
      }
    } catch (error) {
      if (!closing.aborted) throw error;
    }
  }
}
