import type { Clock } from '../base/clock.ts';
import { formatEndpoint, parseEndpoint } from '../base/endpoint.ts';
import { SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { NbdExportOptions } from '../nbd/server/nbd-export.ts';
import { type NbdServer, startNbdServer } from '../nbd/server/nbd-server.ts';

/** A listener, and the names that are served or about to be. */
interface Listener {
  readonly server: NbdServer;
  readonly names: Set<string>;
}

/** The NBD servers of this process, one for each address; several disks may share an address. */
export class NbdListeners {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Map<string, Listener>();
  /** Starting and ending a server takes a while; what is asked meanwhile waits its turn. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param clock - measures times
   * @param log - hears of violations
   */
  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Takes an address, before the disk is ready to be served there.
   * @param listen - "unix:PATH" or "HOST:PORT"
   * @param name - of the export to come
   * @returns the address, with the port that was found where any was asked for; `withdraw` gives it back
   * @throws USAGE, IN_USE, ALREADY_EXISTS, IO_FAILED
   */
  take(listen: string, name: string): Promise<string> {
    return this.#inTurn(async () => {
      const known = this.#listeners.get(listen);
      if (known?.names.has(name) === true) {
        throw new SecondwindError('ALREADY_EXISTS', { what: 'export', name });
      }
      known?.names.add(name);
      return known === undefined ? this.#start(listen, name) : listen;
    });
  }

  /**
   * Serves a disk at an address that was taken for it.
   * @param listen - as `take` returned it
   * @param options - the disk and the name that was taken
   * @throws LIMIT_EXCEEDED, USAGE
   */
  serve(listen: string, options: NbdExportOptions): void {
    this.#listeners.get(listen)?.server.addExport(options);
  }

  /**
   * Serves a disk no longer and gives its address back; ends when no request to it is under way.
   * @param listen - as `take` returned it
   * @param name - of the export
   */
  withdraw(listen: string, name: string): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#listeners.get(listen);
      if (known?.names.delete(name) !== true) return;
      if (known.server.clients().byExport.has(name)) await known.server.removeExport(name);
      if (known.names.size > 0) return;
      this.#listeners.delete(listen);
      await known.server.close();
    });
  }

  /**
   * Counts the clients of a disk.
   * @param listen - as `take` returned it
   * @param name - of the export
   */
  clientCount(listen: string, name: string): number {
    return this.#listeners.get(listen)?.server.clients().byExport.get(name) ?? 0;
  }

  /** Sends all clients away, after answering what they have asked. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const listeners = [...this.#listeners.values()];
      this.#listeners.clear();
      await Promise.all(listeners.map(({ server }) => server.close()));
    });
  }

  async #start(listen: string, name: string): Promise<string> {
    const endpoint = parseEndpoint(listen);
    const server = await startNbdServer({ endpoint, log: this.#log, clock: this.#clock });
    const actual = formatEndpoint(server.endpoint);
    this.#listeners.set(actual, { server, names: new Set([name]) });
    return actual;
  }

  #inTurn<Answer>(action: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#turn.then(action);
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}
