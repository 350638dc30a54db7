import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import {
  ExchangeFrameReader,
  encodeExchangeHead,
  exchangeFrameHeadBytes,
} from '../format/exchange-frame.ts';
import { exchangeMessageBytesMax } from '../format/exchange-limits.ts';
import {
  decodeExchangeMessage,
  type ExchangeMessage,
  encodeExchangeMessage,
} from '../format/exchange-message.ts';
import { FormatFault } from '../format/format-fault.ts';
import { exchangePingMs, exchangeSilenceMsMax } from './limits.ts';

/** A connection of the exchange. */
export interface ChannelOptions {
  /** Both ways; closed with the channel. */
  readonly stream: Duplex;
  /** Words for people: who is at the other end. */
  readonly peer: string;
  /** Measures silence. */
  readonly clock: Clock;
}

/**
 * Messages on a byte stream. Whoever sends waits while the other side does not take; whoever does not read holds the other side
 * back; a side that says nothing is asked, and given up when it does not answer.
 */
export class MessageChannel {
  /** Bytes sent so far. */
  sentBytes = 0;
  readonly #options: ChannelOptions;
  readonly #closing = new AbortController();
  #failure: SecondwindError | undefined;
  #heardMs: number;
  #saidMs: number;

  /** @param options - see ChannelOptions */
  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#heardMs = this.#saidMs = options.clock.steadyMs();
    options.stream.on('error', (error) => this.#fail(error.message));
    options.stream.on('close', () => this.#fail('it was closed'));
    void this.#watch();
  }

  /** Words for people: who is at the other end. */
  get peer(): string {
    return this.#options.peer;
  }

  /** Aborted when the channel has ended, with the reason. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Sends a message, and waits until there is room for more.
   * @param message - borrowed until the call ends
   * @throws LINK_LOST
   */
  async send(message: ExchangeMessage): Promise<void> {
    if (!this.#write(message)) await this.#untilDrained();
  }

  /**
   * Gives out what the other side sends, in order; ends only by throwing. Buffers are the taker's.
   * @throws LINK_LOST, PROTOCOL
   */
  async *messages(): AsyncGenerator<ExchangeMessage, never> {
    const reader = new ExchangeFrameReader(exchangeMessageBytesMax);
    try {
      for await (const piece of this.#options.stream as AsyncIterable<Buffer>) {
        this.#heardMs = this.#options.clock.steadyMs();
        reader.push(piece);
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          const message = decodeExchangeMessage(frame.kind, frame.body);
          if (message.kind === 'ping') this.#write({ kind: 'pong' });
          else if (message.kind !== 'pong') yield message;
        }
      }
    } catch (error) {
      throw this.#translated(error);
    }
    throw this.#failure ?? this.#lost('the other side ended it');
  }

  /**
   * Says why, and ends the connection.
   * @param reason - words for people; left out: nothing is said
   */
  close(reason?: string): void {
    if (reason !== undefined && this.#failure === undefined) this.#write({ kind: 'bye', reason });
    const { stream, clock } = this.#options;
    stream.end(() => stream.destroy());
    this.#fail(reason ?? 'we ended it');
    // Whoever does not take the last words in time does not get them.
    void clock.sleep(closeMsMax).then(() => stream.destroy());
  }

  /** Ends the connection at once. @param reason - words for people */
  abort(reason: string): void {
    this.#fail(reason);
    this.#options.stream.destroy();
  }

  #write(message: ExchangeMessage): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const { stream, clock } = this.#options;
    const { kind, head, tail } = encodeExchangeMessage(message);
    const bodyBytes = head.length + tail.length;
    this.sentBytes += exchangeFrameHeadBytes + bodyBytes;
    this.#saidMs = clock.steadyMs();
    stream.cork();
    const hasRoom = stream.write(Buffer.concat([encodeExchangeHead(kind, bodyBytes), head]));
    const hasMore = tail.length === 0 ? hasRoom : stream.write(tail);
    stream.uncork();
    return hasMore;
  }

  async #untilDrained(): Promise<void> {
    try {
      await once(this.#options.stream, 'drain', { signal: this.signal });
    } catch (error) {
      throw this.#translated(error);
    }
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    while (await this.#pause(exchangePingMs / 2)) {
      const nowMs = clock.steadyMs();
      if (nowMs - this.#heardMs > exchangeSilenceMsMax) this.abort('it said nothing');
      else if (nowMs - Math.min(this.#heardMs, this.#saidMs) > exchangePingMs) {
        this.#write({ kind: 'ping' });
      }
    }
  }

  async #pause(durationMs: number): Promise<boolean> {
    try {
      await this.#options.clock.sleep(durationMs, this.signal);
      return true;
    } catch (error) {
      if (this.signal.aborted) return false;
      throw error;
    }
  }

  #fail(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = this.#lost(reason);
    this.#closing.abort(this.#failure);
  }

  #translated(error: unknown): unknown {
    if (isSecondwindError(error)) return error;
    if (error instanceof FormatFault) {
      const data = { connection: this.#options.peer, reason: error.message };
      return new SecondwindError('PROTOCOL', data, error);
    }
    return this.#failure ?? this.#lost(String(error));
  }

  #lost(reason: string): SecondwindError {
    return new SecondwindError('LINK_LOST', { peer: this.#options.peer, reason });
  }
}

/** Time in which the last words must be taken, milliseconds. */
const closeMsMax = 1_000;
