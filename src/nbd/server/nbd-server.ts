import type { Clock } from '../../base/clock.ts';
import { type Endpoint, formatEndpoint } from '../../base/endpoint.ts';
import type { Logger } from '../../base/log.ts';
import { ClientTable, type NbdClients, type RemoveOptions } from './client-table.ts';
import { type Listener, listenOn } from './listen.ts';
import type { NbdExportOptions } from './nbd-export.ts';

/** How to start a server. */
export interface NbdServerOptions {
  /** Where clients connect. NBD is not encrypted here: anything but a Unix socket or the loopback address is open to the network. */
  readonly endpoint: Endpoint;
  /** Where violations and failures are told. */
  readonly log: Logger;
  /** Measures times. */
  readonly clock: Clock;
}

/** Serves disks to NBD clients on one address. */
export interface NbdServer {
  /** Where it listens; with the port that was found where any was asked for. */
  readonly endpoint: Endpoint;
  /**
   * Serves a disk. The only export of a listener is also its default one.
   * @param options - see NbdExportOptions
   * @throws ALREADY_EXISTS, USAGE, LIMIT_EXCEEDED
   */
  addExport(options: NbdExportOptions): void;
  /**
   * Serves a disk no longer. Ends when no request to it is under way any more, so that the disk can be closed.
   * @param name - of the export
   * @param options - see RemoveOptions
   * @throws NOT_FOUND
   */
  removeExport(name: string, options?: RemoveOptions): Promise<void>;
  /** Counts the clients. */
  clients(): NbdClients;
  /**
   * Takes no more clients, sends away those there are, and ends when no request is under way.
   * @param options - see RemoveOptions
   */
  close(options?: RemoveOptions): Promise<void>;
}

/**
 * Starts a server; it has no exports yet.
 * @param options - see NbdServerOptions
 * @throws IN_USE, IO_FAILED
 */
export async function startNbdServer(options: NbdServerOptions): Promise<NbdServer> {
  const log = options.log.with({ nbd: formatEndpoint(options.endpoint) });
  const clients = new ClientTable(log, options.clock);
  try {
    const listener = await listenOn(options.endpoint, (socket) => clients.accept(socket));
    return new ListeningServer(listener, clients);
  } catch (error) {
    await clients.close();
    throw error;
  }
}

class ListeningServer implements NbdServer {
  readonly endpoint: Endpoint;
  readonly #listener: Listener;
  readonly #clients: ClientTable;

  constructor(listener: Listener, clients: ClientTable) {
    this.endpoint = listener.endpoint;
    this.#listener = listener;
    this.#clients = clients;
  }

  addExport(options: NbdExportOptions): void {
    this.#clients.exports.add(options);
  }

  async removeExport(name: string, options?: RemoveOptions): Promise<void> {
    await this.#clients.endUsersOf(this.#clients.exports.remove(name), options);
  }

  clients(): NbdClients {
    return this.#clients.count();
  }

  async close(options?: RemoveOptions): Promise<void> {
    this.#listener.close();
    await this.#clients.close(options);
  }
}
