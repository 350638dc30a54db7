import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { MessageChannel } from '../exchange/message-channel.ts';
import { enrolmentProtocol, exchangeProtocol } from '../format/enrolment.ts';
import { answerEnrolment } from '../trust/answer-enrolment.ts';
import { type CertifiedKey, certifyServer } from '../trust/certificate-authority.ts';
import type { EnrolmentCodes } from '../trust/enrolment-codes.ts';

/** What a listener for agents needs. */
export interface AgentListenerOptions {
  /** Whom agents trust. */
  readonly authority: CertifiedKey;
  /** Who may be enrolled. */
  readonly codes: EnrolmentCodes;
  /** Notes that a certificate belongs to a machine from now on. */
  readonly admit: (machine: string, fingerprint: string) => void;
  /** Tells to which machine a certificate belongs, and not to one that is revoked. */
  readonly machineOf: (fingerprint: string) => string | undefined;
  /** Takes what a machine sends. */
  readonly serve: (machine: string, socket: TLSSocket, peer: string) => Promise<void>;
  /** Limits waiting. */
  readonly clock: Clock;
  /** Hears of connections. */
  readonly log: Logger;
}

/** Connections of agents at once. */
const agentConnectionsMax = 2_048;
/** Time for a TLS handshake, milliseconds. */
const handshakeMsMax = 10_000;

/** Listens for agents over TLS 1.3: those that are enrolled send commits, others may only enrol. */
export class AgentListener {
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Listens.
   * @param endpoint - where; port 0 means any
   * @param options - see AgentListenerOptions
   * @throws USAGE, IN_USE, IO_FAILED
   */
  static async start(endpoint: Endpoint, options: AgentListenerOptions): Promise<AgentListener> {
    if (endpoint.kind !== 'tcp') {
      throw new SecondwindError('USAGE', { reason: 'Agents connect to HOST:PORT' });
    }
    const own = await certifyServer(options.authority);
    const { certificate } = options.authority;
    const server = createServer({
      key: own.key,
      cert: own.certificate + certificate,
      ca: [certificate],
      requestCert: true,
      // Who enrols has no certificate yet; every connection is looked at by itself.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [exchangeProtocol, enrolmentProtocol],
      handshakeTimeout: handshakeMsMax,
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
    server.maxConnections = agentConnectionsMax;
    const listener = new AgentListener(server);
    server.on('secureConnection', (socket: TLSSocket) => listener.#take(socket, options));
    // Strangers knock at every port; their broken handshakes are no news.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.listen({ host: endpoint.host, port: endpoint.port });
    try {
      await once(server, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const what = `${endpoint.host}:${endpoint.port}`;
      if (code !== 'EADDRINUSE') throw fromSystemError(error, 'Listening', what);
      throw new SecondwindError('IN_USE', { what, reason: 'another program listens there' }, error);
    }
    return listener;
  }

  /** Port that it listens on. */
  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  /** Ends every connection, and stops to listen. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(socket: TLSSocket, options: AgentListenerOptions): void {
    const { log } = options;
    const peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Whoever uses it hears of errors too; without anybody, one would end the server.
    socket.on('error', () => socket.destroy());
    this.#handle(socket, peer, options).catch((error: unknown) => {
      log.warn('The connection of an agent failed', { peer, error });
      socket.destroy();
    });
  }

  async #handle(socket: TLSSocket, peer: string, options: AgentListenerOptions): Promise<void> {
    const { log, codes, authority, admit, clock } = options;
    if (socket.alpnProtocol === enrolmentProtocol) {
      const machine = await answerEnrolment(socket, { codes, authority, admit, clock });
      if (machine === undefined) log.warn('An enrolment was refused', { peer });
      else log.info('A machine was enrolled', { machine, peer });
      return;
    }
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
    const isKnown = socket.alpnProtocol === exchangeProtocol && socket.authorized;
    const machine =
      isKnown && fingerprint !== undefined ? options.machineOf(fingerprint) : undefined;
    if (machine === undefined) {
      log.warn('A machine was not admitted', { peer });
      new MessageChannel({ stream: socket, peer, clock }).close('NOT_ADMITTED');
      return;
    }
    socket.setNoDelay(true);
    await options.serve(machine, socket, peer);
  }
}
