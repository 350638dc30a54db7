import type { Duplex } from 'node:stream';
import type { Clock, Micros } from '../../base/clock.ts';
import { isSecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RandomFile } from '../../capture/random-file.ts';
import { exchangeInboxBytesMax } from '../limits.ts';
import { MessageChannel } from '../message-channel.ts';
import { JournalFile } from './journal-file.ts';
import { MachineInbox, type ReceivingRepository } from './machine-inbox.ts';
import { MemoryBudget } from './memory-budget.ts';
import { receiveCommits } from './receive-commits.ts';

/** Parts of a receiver. */
export interface ExchangeReceiverOptions {
  /** Where commits go. */
  readonly repository: ReceivingRepository;
  /** Opens the journal of a machine. */
  readonly openJournal: (machine: string) => Promise<RandomFile>;
  /** Tells the time. */
  readonly clock: Clock;
  /** Hears of connections. */
  readonly log: Logger;
}

/** A connection from a machine. */
export interface SenderLink {
  /** Name of the machine that the other end was found to be. */
  readonly machine: string;
  /** Both ways. */
  readonly stream: Duplex;
  /** Its address, in words for people. */
  readonly peer: string;
}

/** What is known of a sender. */
export interface SenderStatus {
  /** Its address, while it is connected. */
  readonly peer: string | undefined;
  /** When it was last connected. */
  readonly heardMicros: Micros;
}

interface Connected {
  readonly channel: MessageChannel;
  readonly peer: string;
  readonly ended: Promise<unknown>;
}

/** Takes the commits of many machines, one connection for each: a newer one ends the older, whose cable may have been pulled. */
export class ExchangeReceiver {
  readonly #options: ExchangeReceiverOptions;
  readonly #budget = new MemoryBudget(exchangeInboxBytesMax);
  readonly #inboxes = new Map<string, Promise<MachineInbox>>();
  readonly #connected = new Map<string, Connected>();
  readonly #heardMicros = new Map<string, Micros>();
  #isClosed = false;

  /** @param options - see ExchangeReceiverOptions */
  constructor(options: ExchangeReceiverOptions) {
    this.#options = options;
  }

  /**
   * Takes what a machine sends, until the connection ends.
   * @param link - authenticated
   */
  async serve(link: SenderLink): Promise<void> {
    const { machine, stream, peer } = link;
    const { clock } = this.#options;
    const before = this.#connected.get(machine);
    const channel = new MessageChannel({ stream, peer, clock });
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    const own: Connected = { channel, peer, ended };
    this.#connected.set(machine, own);
    before?.channel.close('the machine has connected again');
    await before?.ended;
    try {
      if (!this.#isClosed) await this.#receive(machine, channel);
    } finally {
      channel.close();
      this.#heardMicros.set(machine, clock.nowMicros());
      if (this.#connected.get(machine) === own) this.#connected.delete(machine);
      resolve(undefined);
    }
  }

  /**
   * Ends the connection of a machine.
   * @param machine - its name
   * @param reason - words for people, or NOT_ADMITTED
   */
  async cut(machine: string, reason: string): Promise<void> {
    const connected = this.#connected.get(machine);
    connected?.channel.close(reason);
    await connected?.ended;
  }

  /**
   * What is known of a sender since this server started; undefined when it was never connected.
   * @param machine - its name
   */
  status(machine: string): SenderStatus | undefined {
    const connected = this.#connected.get(machine);
    if (connected !== undefined) {
      return { peer: connected.peer, heardMicros: this.#options.clock.nowMicros() };
    }
    const heardMicros = this.#heardMicros.get(machine);
    return heardMicros === undefined ? undefined : { peer: undefined, heardMicros };
  }

  /** Ends every connection, and stores what is being stored. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const machines = [...this.#connected.keys()];
    await Promise.all(machines.map((machine) => this.cut(machine, 'the server ends')));
    for (const inbox of this.#inboxes.values()) await (await inbox).close();
    this.#inboxes.clear();
  }

  async #receive(machine: string, channel: MessageChannel): Promise<void> {
    const { log, repository, clock } = this.#options;
    const { peer } = channel;
    try {
      const inbox = await this.#inbox(machine);
      log.info('A machine has connected', { machine, peer });
      try {
        await receiveCommits({ channel, inbox, machine, views: repository, clock });
      } finally {
        inbox.detach();
      }
    } catch (error) {
      const isUsual = isSecondwindError(error, 'LINK_LOST');
      log[isUsual ? 'info' : 'warn']('The connection of a machine has ended', {
        machine,
        peer,
        error,
      });
    }
  }

  async #inbox(machine: string): Promise<MachineInbox> {
    const known = this.#inboxes.get(machine);
    if (known !== undefined) return known;
    const opening = this.#open(machine);
    this.#inboxes.set(machine, opening);
    opening.catch(() => this.#inboxes.delete(machine));
    return opening;
  }

  async #open(machine: string): Promise<MachineInbox> {
    const { repository, openJournal, clock } = this.#options;
    const journal = await JournalFile.open(await openJournal(machine));
    return new MachineInbox({ machine, repository, journal, budget: this.#budget, clock });
  }
}
