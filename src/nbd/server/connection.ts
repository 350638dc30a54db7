import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import {
  nbdHandshakeMsMax,
  nbdHandshakeUnsentBytesMax,
  nbdRequestMsMax,
  nbdSendStallMsMax,
} from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { encodeGreeting } from '../protocol/greeting.ts';
import { type Receiver, receiveDirectly, takenBytes } from './accepted-socket.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { BusyPoll } from './busy-poll.ts';
import { type Agreement, Handshake } from './handshake.ts';
import type { ExportTable, NbdExport } from './nbd-export.ts';
import { ReplyWriter } from './reply-writer.ts';
import { RequestParser } from './request-parser.ts';
import { RequestRunner } from './request-runner.ts';

/** What the connections of one listener share. */
export interface ConnectionContext {
  /** What can be chosen. */
  readonly exports: ExportTable;
  /** Where buffers come from. */
  readonly pool: BufferPool;
  /** Keeps the event loop awake between quick requests. */
  readonly poll: BusyPoll;
  /** Where violations and failures are told. */
  readonly log: Logger;
  /** Measures times. */
  readonly clock: Clock;
  /**
   * Whether one more client may use an export.
   * @param nbdExport - the export
   */
  admits(nbdExport: NbdExport): boolean;
  /**
   * Told when a connection begins to use an export.
   * @param connection - which
   * @param nbdExport - the export
   */
  agreed(connection: Connection, nbdExport: NbdExport): void;
  /**
   * Told when a connection is closed and none of its requests is under way any more.
   * @param connection - which
   * @param nbdExport - the export it used, if any
   */
  ended(connection: Connection, nbdExport: NbdExport | undefined): void;
}

/** Room to receive the options of a handshake into, bytes. */
const handshakeBytes = 4096;

interface Transmission {
  readonly agreement: Agreement;
  readonly parser: RequestParser;
  readonly runner: RequestRunner;
  readonly writer: ReplyWriter;
}

/**
 * One client, from its greeting to its end. Whatever it does wrong closes this connection and no other.
 */
export class Connection implements Receiver {
  /** Ends when the connection is closed and none of its requests is under way any more. */
  readonly whenEnded: Promise<void>;
  readonly #end: () => void;
  readonly #context: ConnectionContext;
  readonly #log: Logger;
  readonly #socket: Socket;
  readonly #handshake: Handshake;
  readonly #handshakeBuffer: Buffer;
  readonly #startMs: number;
  #transmission: Transmission | undefined;
  #isEnding = false;
  #requestsSeen = 0;
  #requestSinceMs: number | undefined;
  #takenBytes = 0;
  #unsentSinceMs: number | undefined;

  /**
   * @param accepted - socket of the client, paused
   * @param context - see ConnectionContext
   * @param number - tells this connection from others in the log
   */
  constructor(accepted: Socket, context: ConnectionContext, number: number) {
    let end: (() => void) | undefined;
    this.whenEnded = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = () => end?.();
    this.#context = context;
    this.#log = context.log.with({ connection: number });
    this.#startMs = context.clock.steadyMs();
    this.#handshakeBuffer = context.pool.take(handshakeBytes);
    this.#handshake = new Handshake(context.exports, {
      send: (bytes) => void this.#socket.write(bytes),
      admits: (nbdExport) => context.admits(nbdExport),
      agreed: (agreement) => this.#begin(agreement),
      aborted: () => this.#finish(),
    });
    this.#socket = receiveDirectly(accepted, this);
    // A reset or broken pipe needs no words of its own: 'close' follows, and the client knows best why it left.
    this.#socket.on('error', (error) => this.#log.debug('an NBD connection broke', { error }));
    this.#socket.on('drain', () => this.#drained());
    this.#socket.on('close', () => void this.#closed());
    this.#socket.write(encodeGreeting());
  }

  /** @inheritdoc */
  nextBuffer(): Buffer {
    return this.#transmission?.parser.nextBuffer() ?? this.#handshakeBuffer;
  }

  /** @inheritdoc */
  received(count: number, buffer: Buffer): boolean {
    if (this.#isEnding) return true;
    try {
      if (this.#transmission === undefined) this.#negotiate(buffer.subarray(0, count));
      else this.#transmit(this.#transmission, count, buffer);
    } catch (error) {
      this.#violated(error);
    }
    return this.#transmission?.parser.isHolding !== true;
  }

  /**
   * Closes the connection when the client has kept us waiting for too long.
   * @param nowMs - steady time, milliseconds
   */
  sweep(nowMs: number): void {
    const late = this.#lateness(nowMs);
    if (late !== undefined) this.#violated(violation(late));
  }

  /** Lets requests under way end, answers others with NBD_ESHUTDOWN, then closes. Ends when all are ended. */
  async stop(): Promise<void> {
    const transmission = this.#transmission;
    transmission?.runner.stop();
    await transmission?.runner.whenIdle();
    transmission?.writer.flush();
    this.#finish();
  }

  /** Closes at once; requests under way end unanswered. */
  destroy(): void {
    this.#isEnding = true;
    this.#socket.destroy();
  }

  #negotiate(bytes: Buffer): void {
    this.#socket.cork();
    const rest = this.#handshake.receive(bytes);
    this.#socket.uncork();
    if (this.#socket.writableLength > nbdHandshakeUnsentBytesMax) {
      throw violation('it does not read the replies to its options');
    }
    if (rest.length === 0 || this.#transmission === undefined) return;
    // Requests sent right behind the last option lie in a buffer that is about to be used by somebody else.
    const copy = Buffer.from(rest);
    this.#transmit(this.#transmission, copy.length, copy);
  }

  #begin(agreement: Agreement): void {
    const { pool } = this.#context;
    const writer = new ReplyWriter(this.#socket, pool);
    const runner = new RequestRunner({
      agreement,
      writer,
      pool,
      log: this.#log.with({ export: agreement.nbdExport.name }),
      onLater: () => this.#later(),
      onDisconnect: () => this.#disconnect(),
    });
    this.#transmission = { agreement, writer, runner, parser: new RequestParser(runner, pool) };
    this.#context.agreed(this, agreement.nbdExport);
  }

  #transmit(transmission: Transmission, count: number, buffer: Buffer): void {
    this.#context.poll.arrived();
    transmission.parser.receive(count, buffer);
    transmission.writer.flush();
    this.#answered(transmission);
  }

  #answered({ runner, parser, writer }: Transmission): void {
    if (runner.isIdle && !parser.isMidRequest && !writer.isBlocked) this.#context.poll.answered();
  }

  /** Requests begun earlier have ended: their replies go out, and held ones may begin. */
  #later(): void {
    const transmission = this.#transmission;
    if (transmission === undefined) return;
    this.#resume(transmission);
    transmission.writer.flush();
    this.#answered(transmission);
  }

  #drained(): void {
    const transmission = this.#transmission;
    if (transmission === undefined) return;
    transmission.writer.drained();
    this.#resume(transmission);
    transmission.writer.flush();
  }

  #resume({ parser }: Transmission): void {
    if (!parser.isHolding || this.#isEnding) return;
    try {
      if (parser.resume()) this.#socket.resume();
    } catch (error) {
      this.#violated(error);
    }
  }

  /** The client sends nothing more; what it asked for is still answered. */
  #disconnect(): void {
    this.#isEnding = true;
    void this.#transmission?.runner.whenIdle().then(() => {
      this.#transmission?.writer.flush();
      this.#finish();
    });
  }

  #finish(): void {
    this.#isEnding = true;
    this.#socket.destroySoon();
  }

  #violated(error: unknown): void {
    this.#log.warn('closed an NBD connection', { error });
    this.destroy();
  }

  async #closed(): Promise<void> {
    this.#isEnding = true;
    this.#context.pool.give(this.#handshakeBuffer);
    const transmission = this.#transmission;
    transmission?.parser.close();
    await transmission?.runner.whenIdle();
    this.#context.ended(this, this.#transmission?.agreement.nbdExport);
    this.#end();
  }

  #lateness(nowMs: number): string | undefined {
    const transmission = this.#transmission;
    if (this.#hasStalled(nowMs)) return 'it does not read its replies';
    if (transmission === undefined) {
      return nowMs - this.#startMs > nbdHandshakeMsMax ? 'its handshake took too long' : undefined;
    }
    return this.#isRequestLate(transmission.parser, nowMs)
      ? 'one of its requests took too long to arrive'
      : undefined;
  }

  #hasStalled(nowMs: number): boolean {
    const taken = takenBytes(this.#socket);
    const isMoving = taken !== this.#takenBytes || this.#socket.writableLength === 0;
    this.#takenBytes = taken;
    this.#unsentSinceMs = isMoving ? undefined : (this.#unsentSinceMs ?? nowMs);
    return this.#unsentSinceMs !== undefined && nowMs - this.#unsentSinceMs > nbdSendStallMsMax;
  }

  #isRequestLate(parser: RequestParser, nowMs: number): boolean {
    const isSame = parser.requestCount === this.#requestsSeen;
    this.#requestsSeen = parser.requestCount;
    const isWaiting = isSame && parser.isMidRequest && !parser.isHolding;
    this.#requestSinceMs = isWaiting ? (this.#requestSinceMs ?? nowMs) : undefined;
    return this.#requestSinceMs !== undefined && nowMs - this.#requestSinceMs > nbdRequestMsMax;
  }
}

function violation(reason: string): SecondwindError {
  return new SecondwindError('PROTOCOL', { connection: 'the NBD client', reason });
}
