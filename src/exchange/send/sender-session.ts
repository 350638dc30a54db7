import type { Clock, Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { ExchangeMessage } from '../../format/exchange-message.ts';
import { ChangeSignal, orAborted } from '../change-signal.ts';
import { exchangeOffersMax } from '../limits.ts';
import type { MessageChannel } from '../message-channel.ts';
import type { CommitSpool } from './commit-spool.ts';
import type { Outbox } from './outbox.ts';
import type { SpooledCommit } from './spooled-commit.ts';
import type { Throttle } from './throttle.ts';

/** What one connection of a sender works on. */
export interface SenderSessionOptions {
  /** New. */
  readonly channel: MessageChannel;
  /** What is to be sent. */
  readonly outbox: Outbox;
  /** Where it lies. */
  readonly spool: CommitSpool;
  /** Holds it back. */
  readonly throttle: Throttle;
  /** Compares times. */
  readonly clock: Clock;
  /** Hears of every message. */
  readonly heard: (message: ExchangeMessage) => void;
  /** The connection is in order from now on. */
  readonly ready: () => void;
}

/**
 * One connection, from the side that sends. Offers commits in order, a few ahead; sends of each what is lacking; never has more
 * groups on the way than the window allows.
 */
export class SenderSession {
  readonly #options: SenderSessionOptions;
  readonly #lacks = new Map<number, (chunks: Uint8Array) => void>();
  readonly #changed = new ChangeSignal();
  #windowBytes = 0;
  #underWayBytes = 0;
  /** Commits that were offered and are not known to be stored. */
  readonly #unstored = new Set<number>();

  /** @param options - see SenderSessionOptions */
  constructor(options: SenderSessionOptions) {
    this.#options = options;
  }

  /**
   * Works until the connection ends.
   * @throws LINK_LOST, PROTOCOL, HISTORIES_DIFFER; IO_FAILED, DAMAGED of the spool
   */
  async run(): Promise<never> {
    const { channel, outbox, spool } = this.#options;
    const { identity } = spool;
    const askedMicros = this.#options.clock.nowMicros();
    await channel.send({ kind: 'hello', ...identity, firstPosition: outbox.firstPosition });
    const messages = channel.messages();
    await this.#welcome((await messages.next()).value, askedMicros);
    this.#options.ready();
    const sending = this.#sendAll();
    // Whatever ends first ends the connection, and with it the other.
    return Promise.race([sending, this.#hearAll(messages)]);
  }

  async #welcome(message: ExchangeMessage, askedMicros: Micros): Promise<void> {
    if (message.kind === 'bye') throw this.#ended(message.reason);
    if (message.kind !== 'welcome') throw this.#broken('it did not begin with a welcome');
    const { outbox, clock } = this.#options;
    const { storedPosition, storedDigest, newestMicros, nowMicros, windowBytes } = message;
    if (!(await outbox.isShared(storedPosition, storedDigest))) {
      throw new SecondwindError('HISTORIES_DIFFER', { peer: this.#options.channel.peer });
    }
    await outbox.settle(storedPosition);
    outbox.clockOffsetMicros = clockOffset(nowMicros, askedMicros, clock.nowMicros());
    outbox.notBefore(newestMicros);
    this.#windowBytes = windowBytes;
  }

  async #hearAll(messages: AsyncGenerator<ExchangeMessage, never>): Promise<never> {
    for await (const message of messages) await this.#hear(message);
    throw this.#ended('it said no more');
  }

  async #hear(message: ExchangeMessage): Promise<void> {
    this.#options.heard(message);
    switch (message.kind) {
      case 'lack':
        this.#lacks.get(message.position)?.(Uint8Array.from(message.chunks));
        this.#lacks.delete(message.position);
        return;
      case 'credit':
        this.#underWayBytes -= message.takenBytes;
        this.#changed.notify();
        return;
      case 'stored': {
        const { position, timeMicros, sequence, changedBytes, newBytes, storedBytes } = message;
        this.#lacks.get(position)?.(new Uint8Array());
        this.#lacks.delete(position);
        const receipt = { timeMicros, sequence, changedBytes, newBytes, storedBytes };
        await this.#options.outbox.settle(position, receipt);
        this.#unstored.delete(position);
        this.#changed.notify();
        return;
      }
      case 'bye':
        throw this.#ended(message.reason);
      default:
    }
  }

  async #sendAll(): Promise<never> {
    const { outbox, channel } = this.#options;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    for (let position = outbox.firstPosition; ; position++) {
      await Promise.race([outbox.at(position, channel.signal), failed.promise]);
      while (this.#unstored.size >= exchangeOffersMax) {
        await Promise.race([this.#changed.next(channel.signal), failed.promise]);
      }
      // It was under way when the connection before this one ended, and is stored by now.
      if (position < outbox.firstPosition) continue;
      this.#unstored.add(position);
      const offered = Promise.withResolvers<undefined>();
      this.#sendOne(position, () => offered.resolve(undefined)).catch((error: unknown) => {
        if (position >= outbox.firstPosition) failed.reject(error);
        offered.resolve(undefined);
      });
      // Offers go out in order, one ahead of the chunks of another.
      await Promise.race([offered.promise, failed.promise]);
    }
  }

  async #sendOne(position: number, offered: () => void): Promise<void> {
    const { channel, spool } = this.#options;
    await using commit = await spool.read(position);
    const lack = Promise.withResolvers<Uint8Array>();
    this.#lacks.set(position, lack.resolve);
    await channel.send({ kind: 'offer', commit: commit.encoded });
    offered();
    const chunks = await orAborted(lack.promise, channel.signal);
    for (let group = 0; group < commit.commit.groupChunks.length; group++) {
      await this.#sendGroup(commit, group, chunks);
    }
  }

  async #sendGroup(commit: SpooledCommit, group: number, chunks: Uint8Array): Promise<void> {
    const { channel, throttle } = this.#options;
    const isLacking = (chunk: number): boolean =>
      ((chunks[chunk >> 3] ?? 0) >> (chunk & 7)) % 2 === 1;
    const packed = await commit.lackingOf(group, isLacking);
    if (packed === undefined) return;
    await throttle.take(packed.length, channel.signal);
    while (this.#underWayBytes > 0 && this.#underWayBytes + packed.length > this.#windowBytes) {
      await this.#changed.next(channel.signal);
    }
    this.#underWayBytes += packed.length;
    const { position } = commit.commit;
    await channel.send({ kind: 'group', position, group, packed });
  }

  #ended(reason: string): SecondwindError {
    if (reason === 'NOT_ADMITTED') {
      const data = {
        peer: this.#options.channel.peer,
        reason: 'its certificate is not valid there',
      };
      return new SecondwindError('NOT_ADMITTED', data);
    }
    return new SecondwindError('LINK_LOST', { peer: this.#options.channel.peer, reason });
  }

  #broken(reason: string): SecondwindError {
    return new SecondwindError('PROTOCOL', { connection: this.#options.channel.peer, reason });
  }
}

/**
 * How far another clock is ahead of ours for certain: it was read some time between our question and its answer.
 * @returns microseconds, negative when it is behind; 0 when both may show the same
 */
function clockOffset(theirsMicros: Micros, askedMicros: Micros, heardMicros: Micros): Micros {
  if (theirsMicros > heardMicros) return theirsMicros - heardMicros;
  return Math.min(0, theirsMicros - askedMicros);
}
