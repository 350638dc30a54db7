import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { ExchangeMessage } from '../../format/exchange-message.ts';
import type {
  CommitReceipt,
  CommitRequest,
  CommitSink,
  ComparerOpener,
  ViewOpener,
} from '../../repository/contract.ts';
import { ChangeSignal } from '../change-signal.ts';
import { exchangeRetryMsMax, exchangeRetryMsMin } from '../limits.ts';
import { MessageChannel } from '../message-channel.ts';
import type { CommitSpool } from './commit-spool.ts';
import { Outbox } from './outbox.ts';
import { RemoteDisks } from './remote-disks.ts';
import { SenderSession } from './sender-session.ts';
import type { Throttle } from './throttle.ts';

/** Parts and bounds of a client. */
export interface ExchangeClientOptions {
  /** The machine whose commits are sent. */
  readonly machine: string;
  /** Where they wait. */
  readonly spool: CommitSpool;
  /** Disk space that they may take there, bytes. */
  readonly spoolBytesMax: number;
  /** Makes a connection, authenticated both ways. Words for people say to whom. */
  readonly connect: (signal: AbortSignal) => Promise<{ stream: Duplex; peer: string }>;
  /** Holds back what is sent. */
  readonly throttle: Throttle;
  /** Times retries. */
  readonly clock: Clock;
  /** Hears of connections. */
  readonly log: Logger;
  /**
   * Hears that one of the two sides was set back to an earlier state: what waited was given up, and every disk must be
   * compared.
   */
  readonly diverged?: () => void;
  /** Hears that the receiver does not admit the machine; it is tried again all the same, for that may change. */
  readonly refused?: (error: unknown) => void;
}

/** What a client is doing. */
export interface ExchangeStatus {
  /** Whether the receiver is there. */
  readonly isConnected: boolean;
  /** Why not. */
  readonly failure: unknown;
  /** Why the receiver cannot store for now. */
  readonly waitingFor: string | undefined;
  /** Commits that the receiver has not confirmed. */
  readonly waitingCount: number;
  /** Disk space that they take, bytes. */
  readonly waitingBytes: number;
  /** Age of the oldest of them, milliseconds. */
  readonly lagMs: number;
  /** How far the receiver's clock is ahead, microseconds; commits carry its time. */
  readonly clockOffsetMicros: number;
  /** Bytes sent since the start. */
  readonly sentBytes: number;
}

/**
 * Sends the commits of one machine to a receiver, over as many connections as it takes, each exactly once and in order. What was
 * put in is on stable storage here before it is sent, and goes on after a kill or a power loss.
 *
 * `append` keeps the promise of a repository: it ends when the commit can be restored there. `spooling.append` ends as soon as the
 * commit is safe here; for a source that must not wait for the network.
 */
export class ExchangeClient implements CommitSink {
  /** What the receiver has of the machine's disks, to be compared with. */
  readonly disks: ViewOpener & ComparerOpener;
  /** Ends an append when the commit is on stable storage here; its receipt tells nothing of the repository. */
  readonly spooling: CommitSink;
  readonly #options: ExchangeClientOptions;
  readonly #outbox: Outbox;
  readonly #remote: RemoteDisks;
  readonly #closing = new AbortController();
  readonly #changed = new ChangeSignal();
  readonly #running: Promise<void>;
  #channel: MessageChannel | undefined;
  #failure: unknown;
  #waitingFor: string | undefined;
  #endedBytes = 0;
  #wasGreeted = false;

  /** @param options - see ExchangeClientOptions */
  constructor(options: ExchangeClientOptions) {
    this.#options = options;
    const { spool, clock, machine } = options;
    this.#outbox = new Outbox({ spool, clock, bytesMax: options.spoolBytesMax });
    this.#remote = new RemoteDisks({
      machine,
      nameKey: spool.identity.nameKey,
      send: (message) => this.#send(message),
      delivered: () => this.delivered(),
    });
    this.disks = this.#remote;
    this.spooling = { append: async (request) => (await this.#outbox.post(request)).receipt };
    this.#running = this.#run();
  }

  /** What it is doing. */
  get status(): ExchangeStatus {
    const { length, usedBytes, lagMs, clockOffsetMicros } = this.#outbox;
    return {
      isConnected: this.#channel !== undefined,
      failure: this.#failure,
      waitingFor: this.#waitingFor,
      waitingCount: length,
      waitingBytes: usedBytes,
      lagMs,
      clockOffsetMicros,
      sentBytes: this.#endedBytes + (this.#channel?.sentBytes ?? 0),
    };
  }

  /**
   * @inheritdoc
   * @throws LIMIT_EXCEEDED, HISTORIES_DIFFER; NO_SPACE, IO_FAILED of the spool; INTERRUPTED
   */
  async append(request: CommitRequest): Promise<CommitReceipt> {
    const { stored } = await this.#outbox.post(request);
    return stored;
  }

  /**
   * Waits until the receiver has all that was put in before.
   * @throws INTERRUPTED
   */
  async delivered(): Promise<void> {
    await this.#outbox.emptied(this.#closing.signal);
  }

  /** Ends the connection; what was not sent stays in the spool. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#channel?.close('the sender ends');
    await this.#running;
    await this.#outbox.close();
  }

  async #run(): Promise<void> {
    const { clock, log, machine } = this.#options;
    const { signal } = this.#closing;
    let retryMs = exchangeRetryMsMin;
    while (!signal.aborted) {
      this.#wasGreeted = false;
      try {
        await this.#connectOnce();
      } catch (error) {
        if (signal.aborted) break;
        this.#failure = error;
        log.warn('The connection to the server ended', { machine, error });
        if (isSecondwindError(error, 'NOT_ADMITTED')) this.#options.refused?.(error);
        await this.#recover(error);
      }
      if (this.#wasGreeted) retryMs = exchangeRetryMsMin;
      await clock.sleep(retryMs, signal).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, exchangeRetryMsMax);
    }
  }

  async #connectOnce(): Promise<never> {
    const { connect, clock, log, machine, spool, throttle } = this.#options;
    const { stream, peer } = await connect(this.#closing.signal);
    const channel = new MessageChannel({ stream, peer, clock });
    const session = new SenderSession({
      ...{ channel, spool, throttle, clock, outbox: this.#outbox },
      heard: (message) => this.#hear(message),
      ready: () => {
        this.#channel = channel;
        this.#wasGreeted = true;
        this.#failure = undefined;
        this.#waitingFor = undefined;
        this.#changed.notify();
        log.info('Connected to the server', { machine, peer });
      },
    });
    try {
      return await session.run();
    } catch (error) {
      this.#remote.lost(error);
      throw error;
    } finally {
      this.#endedBytes += channel.sentBytes;
      this.#channel = undefined;
      channel.close();
    }
  }

  /** A receiver that has another history, or a spool that cannot be read, leaves one way: to begin anew and compare. */
  async #recover(error: unknown): Promise<void> {
    if (!isSecondwindError(error, 'HISTORIES_DIFFER') && !isSecondwindError(error, 'DAMAGED'))
      return;
    try {
      await this.#outbox.restart(error);
      this.#options.diverged?.();
    } catch (failure) {
      this.#failure = failure;
    }
  }

  #hear(message: ExchangeMessage): void {
    if (message.kind === 'waiting') this.#waitingFor = message.reason;
    if (message.kind === 'stored') this.#waitingFor = undefined;
    this.#remote.heard(message);
  }

  async #send(message: ExchangeMessage): Promise<void> {
    while (this.#channel === undefined) await this.#changed.next(this.#closing.signal);
    await this.#channel.send(message);
  }
}
