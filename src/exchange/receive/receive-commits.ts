import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { regionBytes } from '../../base/limits.ts';
import { withTimeLimit } from '../../base/time-limit.ts';
import type { ExchangeMessage } from '../../format/exchange-message.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { View, ViewOpener } from '../../repository/contract.ts';
import { KeyedHasher } from '../keyed-hash.ts';
import { comparedDisksMax, comparisonsMax, exchangeGreetingMsMax } from '../limits.ts';
import type { MessageChannel } from '../message-channel.ts';
import { compareRegion, openNewestView } from './compared-disk.ts';
import type { MachineInbox } from './machine-inbox.ts';

/** What one connection of a receiver works on. */
export interface ReceiveOptions {
  /** New; its other end was found to be the machine. */
  readonly channel: MessageChannel;
  /** Of the machine. */
  readonly inbox: MachineInbox;
  /** The machine. */
  readonly machine: string;
  /** Its history, for comparing. */
  readonly views: ViewOpener;
  /** Limits the first message. */
  readonly clock: Clock;
}

/**
 * One connection, from the side that receives; ends when it ends.
 * @param options - see ReceiveOptions
 * @throws LINK_LOST, PROTOCOL; IO_FAILED, NO_SPACE, DAMAGED
 */
export async function receiveCommits(options: ReceiveOptions): Promise<never> {
  const { channel, inbox, clock } = options;
  const messages = channel.messages();
  const { value: hello } = await withTimeLimit(messages.next(), {
    ...{ clock, limitMs: exchangeGreetingMsMax },
    error: () => broken(channel, 'it said nothing'),
  });
  if (hello.kind !== 'hello') throw broken(channel, 'it did not begin with a hello');
  await using disks = new ComparedDisks(options, new KeyedHasher(hello.nameKey));
  const answers = (message: ExchangeMessage): void => {
    // The channel may have ended a moment ago; then nobody waits for this.
    channel.send(message).catch(() => undefined);
    if (message.kind === 'bye') channel.close();
  };
  await channel.send(await inbox.greet(hello, answers));
  try {
    for await (const message of messages) await hear(message, inbox, disks);
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    throw broken(channel, error.message, error);
  }
  throw broken(channel, 'it said no more');
}

async function hear(
  message: ExchangeMessage,
  inbox: MachineInbox,
  disks: ComparedDisks,
): Promise<void> {
  switch (message.kind) {
    case 'offer':
      inbox.offer(message.commit);
      return;
    case 'group':
      inbox.addGroup(message.position, message.group, message.packed);
      return;
    case 'open-disk':
      return disks.open(message.handle, message.disk);
    case 'compare':
      return disks.compare(message);
    case 'close-disk':
      return disks.close(message.handle);
    case 'bye':
      throw new SecondwindError('LINK_LOST', { peer: 'the sender', reason: message.reason });
    default:
      throw new FormatFault(`a sender does not say ${message.kind}`, 0);
  }
}

function broken(channel: MessageChannel, reason: string, cause?: unknown): SecondwindError {
  return new SecondwindError('PROTOCOL', { connection: channel.peer, reason }, cause);
}

/** Disks of the machine that are open for comparing. */
class ComparedDisks {
  readonly #options: ReceiveOptions;
  readonly #hasher: KeyedHasher;
  readonly #views = new Map<number, View>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ReceiveOptions, hasher: KeyedHasher) {
    this.#options = options;
    this.#hasher = hasher;
  }

  async open(handle: number, disk: string): Promise<void> {
    if (this.#views.has(handle)) throw new FormatFault('a handle was given twice', 0);
    if (this.#views.size >= comparedDisksMax) throw new FormatFault('too many disks are open', 0);
    const { views, machine, channel } = this.#options;
    const view = await openNewestView(views, { machine, disk });
    if (view !== undefined) this.#views.set(handle, view);
    const { sizeBytes = 0, timeMicros = 0 } = view ?? {};
    const isKnown = view !== undefined;
    await channel.send({ kind: 'disk', handle, isKnown, sizeBytes, timeMicros });
  }

  /** Several at once; the sender is held back while too many are under way. */
  async compare(question: Extract<ExchangeMessage, { kind: 'compare' }>): Promise<void> {
    const view = this.#views.get(question.handle);
    if (view === undefined) throw new FormatFault('a disk is compared that is not open', 0);
    if (question.lengthBytes > regionBytes) throw new FormatFault('a region is too long', 0);
    while (this.#underWay.size >= comparisonsMax) await Promise.race(this.#underWay);
    const copy = { ...question, hashes: Uint8Array.from(question.hashes) };
    const comparing = this.#compare(view, copy).finally(() => this.#underWay.delete(comparing));
    this.#underWay.add(comparing);
  }

  async close(handle: number): Promise<void> {
    const view = this.#views.get(handle);
    this.#views.delete(handle);
    await Promise.all(this.#underWay);
    await view?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const handle of [...this.#views.keys()]) await this.close(handle);
  }

  async #compare(
    view: View,
    question: Extract<ExchangeMessage, { kind: 'compare' }>,
  ): Promise<void> {
    const { channel } = this.#options;
    try {
      await channel.send(await compareRegion(view, this.#hasher, question));
    } catch (error) {
      // Whoever asked must not take silence for an answer.
      channel.abort(`comparing failed: ${String(error)}`);
    }
  }
}
