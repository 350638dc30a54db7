import type { Clock } from '../../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { appendRetryMsMax, appendRetryMsMin } from '../../base/limits.ts';
import type { ExchangeMessage } from '../../format/exchange-message.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type {
  CommitReceipt,
  CommitRequest,
  ComparerOpener,
  Repository,
  ViewOpener,
} from '../../repository/index.ts';
import { ChangeSignal } from '../change-signal.ts';
import { KeyedHasher } from '../keyed-hash.ts';
import {
  exchangeAdmittedBytesMax,
  exchangeKeepMs,
  exchangeOffersMax,
  exchangeWindowBytes,
} from '../limits.ts';
import type { JournalFile } from './journal-file.ts';
import { KnownChunks } from './known-chunks.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { PendingCommit } from './pending-commit.ts';

/** What a receiver stores into. */
export type ReceivingRepository = Pick<Repository, 'append' | 'timeline'> &
  ViewOpener &
  ComparerOpener;

/** Parts of an inbox. */
export interface MachineInboxOptions {
  /** The machine that may be appended to, and nothing else. */
  readonly machine: string;
  /** Where commits go. */
  readonly repository: ReceivingRepository;
  /** How far they went; closed with the inbox. */
  readonly journal: JournalFile;
  /** Memory, shared with the inboxes of other machines. */
  readonly budget: MemoryBudget;
  /** Bounds the time of commits, and times retries. */
  readonly clock: Clock;
}

/** Whoever is connected hears what becomes of commits; must not throw. */
export type InboxAnswers = (message: ExchangeMessage) => void;

interface Admitted {
  readonly pending: PendingCommit;
  readonly release: () => void;
}

/**
 * Commits of one machine on their way into the repository. It outlives connections: what came is kept, and only what is lacking
 * is asked for again. Each commit is stored once, also when this process is killed between storing and saying so: the journal
 * says which one was about to be stored behind which of the machine's history.
 */
export class MachineInbox {
  readonly #options: MachineInboxOptions;
  readonly #known: KnownChunks;
  readonly #admitted = new Map<number, Admitted>();
  readonly #changed = new ChangeSignal();
  readonly #closing = new AbortController();
  /** Ends with the connection: nobody waits for answers any more. */
  #connection = new AbortController();
  /** Ends when somebody connects again, before what came is forgotten. */
  #keeping = new AbortController();
  #answers: InboxAnswers | undefined;
  #hasher: KeyedHasher | undefined;
  #offering: Promise<void> = Promise.resolve();
  #storing: Promise<void> | undefined;
  #offeredPosition = 0;
  #waitingOffers = 0;
  #storedPosition: number;
  #storedDigest: Uint8Array;

  /** @param options - see MachineInboxOptions */
  constructor(options: MachineInboxOptions) {
    this.#options = options;
    this.#known = new KnownChunks(options.machine, options.repository);
    const { storedPosition, storedDigest } = options.journal.last;
    this.#storedPosition = storedPosition;
    this.#storedDigest = storedDigest;
  }

  /**
   * Greets a sender; the one before it hears no more.
   * @param hello - its first message
   * @param answers - hears what becomes of its commits
   * @returns the answer
   * @throws IO_FAILED, NO_SPACE
   */
  async greet(
    hello: Extract<ExchangeMessage, { kind: 'hello' }>,
    answers: InboxAnswers,
  ): Promise<Extract<ExchangeMessage, { kind: 'welcome' }>> {
    const { journal, clock, repository, machine } = this.#options;
    this.detach();
    this.#keeping.abort();
    await this.#offering;
    if (!Buffer.from(journal.last.stream).equals(hello.stream)) await this.#begin(hello.stream);
    await this.#storing;
    await this.#settleInterrupted();
    this.#hasher = new KeyedHasher(hello.nameKey);
    this.#connection = new AbortController();
    this.#answers = answers;
    this.#offeredPosition = this.#storedPosition;
    return {
      kind: 'welcome',
      storedPosition: this.#storedPosition,
      storedDigest: this.#storedDigest,
      newestMicros: newestPoint(repository, machine)?.timeMicros ?? 0,
      nowMicros: clock.nowMicros(),
      windowBytes: exchangeWindowBytes,
    };
  }

  /** The connection has ended. What came over it is kept for a while. */
  detach(): void {
    this.#answers = undefined;
    this.#connection.abort();
    this.#keeping.abort();
    this.#keeping = new AbortController();
    void this.#forgetLater(this.#keeping.signal);
  }

  /**
   * Takes an offer. The answer follows when there is room for the commit.
   * @param encoded - borrowed until the call ends
   * @throws FormatFault
   */
  offer(encoded: Uint8Array): void {
    const pending = new PendingCommit(encoded);
    const { position, record } = pending.commit;
    // What was stored since the greeting may be left out.
    const lastPosition = Math.max(this.#offeredPosition, this.#storedPosition);
    if (position <= this.#offeredPosition || position > lastPosition + 1) {
      throw new FormatFault('a commit is out of turn', 0);
    }
    if (record.machine !== this.#options.machine) {
      throw new FormatFault('a commit belongs to another machine', 0);
    }
    this.#offeredPosition = position;
    if (++this.#waitingOffers + this.#admitted.size > 2 * exchangeOffersMax) {
      throw new FormatFault('too many commits are offered at once', 0);
    }
    const { signal } = this.#connection;
    this.#offering = this.#offering
      .then(() => (signal.aborted ? undefined : this.#admit(pending)))
      .catch((error: unknown) => (signal.aborted ? undefined : this.#refuse(error)))
      .finally(() => this.#waitingOffers--);
  }

  /**
   * Takes a group.
   * @param position - of its commit
   * @param group - its number
   * @param packed - borrowed until the call ends
   * @throws FormatFault when it was not asked for
   */
  addGroup(position: number, group: number, packed: Uint8Array): void {
    const admitted = this.#admitted.get(position);
    if (admitted === undefined) throw new FormatFault('a group belongs to no commit', 0);
    admitted.pending.addGroup(group, packed);
    this.#answers?.({ kind: 'credit', takenBytes: packed.length });
    this.#storeReady();
  }

  /** Ends: waits for the commit that is being stored; the others are sent again. */
  async close(): Promise<void> {
    this.#closing.abort(new SecondwindError('INTERRUPTED', { action: 'Receiving commits' }));
    this.detach();
    this.#keeping.abort();
    await this.#offering;
    await this.#storing;
    this.#dropAdmitted();
    await this.#options.journal.close();
  }

  async #begin(stream: Uint8Array): Promise<void> {
    await this.#storing;
    this.#dropAdmitted();
    this.#known.clear();
    const none = new Uint8Array(32);
    const fields = { storedPosition: 0, storedDigest: none, nextPosition: 0, nextDigest: none };
    await this.#options.journal.write({ stream, ...fields });
    this.#storedPosition = 0;
    this.#storedDigest = none;
  }

  /** A kill between storing and saying so: the machine's history tells whether the commit got there. */
  async #settleInterrupted(): Promise<void> {
    const { nextPosition, nextDigest, sequenceBefore } = this.#options.journal.last;
    if (nextPosition !== this.#storedPosition + 1) return;
    const { repository, machine } = this.#options;
    const newest = newestPoint(repository, machine);
    if (newest === undefined || newest.sequence <= sequenceBefore) return;
    const { points } = repository.timeline({ machine, limit: lookBackMax });
    // Others only add notes, on no disk: a commit of disks behind that place is the one.
    const isThere = points.some(
      ({ sequence, disks }) => sequence > sequenceBefore && disks.length > 0,
    );
    if (isThere) this.#noteStored(nextPosition, nextDigest);
  }

  async #admit(pending: PendingCommit): Promise<void> {
    const { position } = pending.commit;
    if (position <= this.#storedPosition) {
      this.#answerStored(position, unknownReceipt);
      return;
    }
    const known = this.#admitted.get(position);
    if (known?.pending.digest.equals(pending.digest) === true) {
      this.#answerLack(known.pending);
      return;
    }
    known?.release();
    this.#admitted.delete(position);
    const { signal } = this.#connection;
    while (!this.#fitsBeside(pending)) await this.#changed.next(signal);
    const release = await this.#options.budget.take(pending.memoryBytes, signal);
    pending.addFound(await this.#known.find(pending.commit, this.#hasher!));
    this.#admitted.set(position, { pending, release });
    this.#answerLack(pending);
  }

  #fitsBeside({ dataBytes }: PendingCommit): boolean {
    const admitted = [...this.#admitted.values()];
    if (admitted.length === 0) return true;
    const others = admitted.reduce((sum, { pending }) => sum + pending.dataBytes, 0);
    return others + dataBytes <= exchangeAdmittedBytesMax;
  }

  #answerLack(pending: PendingCommit): void {
    const { position } = pending.commit;
    this.#answers?.({ kind: 'lack', position, chunks: pending.lacking() });
    this.#storeReady();
  }

  #storeReady(): void {
    if (this.#storing !== undefined) return;
    const next = this.#admitted.get(this.#storedPosition + 1);
    if (next?.pending.isComplete !== true) return;
    this.#storing = this.#store(next)
      .catch((error: unknown) => this.#refuse(error))
      .then(() => {
        this.#storing = undefined;
        this.#storeReady();
      });
  }

  async #store({ pending, release }: Admitted): Promise<void> {
    const { machine, repository, journal, clock } = this.#options;
    const { commit, digest } = pending;
    const request = await pending.toRequest(this.#hasher!, machine);
    await journal.write({
      ...{ storedPosition: this.#storedPosition, storedDigest: this.#storedDigest },
      ...{ nextPosition: commit.position, nextDigest: digest },
      sequenceBefore: newestPoint(repository, machine)?.sequence ?? 0,
    });
    // No machine may put itself, or others, into the future.
    const timeMicros = Math.min(request.timeMicros, clock.nowMicros());
    const receipt = await this.#append({ ...request, timeMicros });
    if (receipt === undefined) return;
    this.#known.add(commit, receipt.timeMicros);
    this.#noteStored(commit.position, digest);
    this.#admitted.delete(commit.position);
    release();
    this.#changed.notify();
    // How much of it was new would tell whether other machines have it.
    this.#answerStored(commit.position, { ...receipt, newBytes: 0, storedBytes: 0 });
  }

  #answerStored(position: number, receipt: CommitReceipt): void {
    this.#answers?.({ kind: 'stored', position, ...receipt });
  }

  /** @returns undefined when the inbox closes before it is stored */
  async #append(request: CommitRequest): Promise<CommitReceipt | undefined> {
    const { repository, clock } = this.#options;
    const { signal } = this.#closing;
    for (let retryMs = appendRetryMsMin; ; retryMs = Math.min(retryMs * 2, appendRetryMsMax)) {
      if (signal.aborted) return undefined;
      try {
        return await repository.append(request);
      } catch (error) {
        if (!isSecondwindError(error) || !error.definition.retryable) throw error;
        this.#answers?.({ kind: 'waiting', reason: error.code });
      }
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }

  #noteStored(position: number, digest: Uint8Array): void {
    this.#storedPosition = position;
    this.#storedDigest = Uint8Array.from(digest);
  }

  /** Whatever is wrong with a commit ends the connection; what came of it is forgotten. */
  #refuse(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#dropAdmitted();
    const reason = isSecondwindError(error) ? error.code : 'a commit could not be taken';
    this.#answers?.({ kind: 'bye', reason });
  }

  /** Memory is for those who are connected. */
  async #forgetLater(signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(exchangeKeepMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    await this.#storing;
    if (!signal.aborted) this.#dropAdmitted();
  }

  #dropAdmitted(): void {
    for (const { release } of this.#admitted.values()) release();
    this.#admitted.clear();
    this.#changed.notify();
  }
}

/** Of a commit that was stored when its sender could not hear it. */
const unknownReceipt: CommitReceipt = {
  ...{ timeMicros: 0, sequence: 0, changedBytes: 0, newBytes: 0, storedBytes: 0 },
};

/** Newest commits of a machine that are looked through for one that was being stored. */
const lookBackMax = 1_000;

function newestPoint(
  repository: Pick<ReceivingRepository, 'timeline'>,
  machine: string,
): { readonly sequence: number; readonly timeMicros: number } | undefined {
  try {
    return repository.timeline({ machine, limit: 1 }).points.at(-1);
  } catch (error) {
    if (isSecondwindError(error, 'UNKNOWN_MACHINE')) return undefined;
    throw error;
  }
}
