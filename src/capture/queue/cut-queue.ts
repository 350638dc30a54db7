import type { Clock } from '../../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import {
  appendRetryMsMax,
  appendRetryMsMin,
  blockBytes,
  storePaceSpoolShare,
} from '../../base/limits.ts';
import type {
  CommitReceipt,
  CommitRequest,
  CommitSink,
  DiskChange,
} from '../../repository/index.ts';
import type { Cut } from '../cut.ts';
import type { SlabPool } from '../slab-pool.ts';
import { gatherRuns } from './gather-runs.ts';
import { loadCut, QueuedCut } from './queued-cut.ts';
import type { Spool } from './spool.ts';
import { StorePace } from './store-pace.ts';

/** Whoever cuts wants to know what becomes of it. */
export interface CutQueueListener {
  /** A cut is stored. */
  stored(cut: Cut, receipt: CommitReceipt): void;
  /**
   * Cuts can never be stored; they are given up, the oldest first. Called at once, before anything else is cut.
   */
  lost(cuts: readonly Cut[], error: unknown): void;
  /** Something that the status shows has changed. */
  changed(): void;
}

/** Parts and bounds of a queue. */
export interface CutQueueOptions {
  /** Where commits go. */
  readonly sink: CommitSink;
  /** Memory the cuts lie in. */
  readonly pool: SlabPool;
  /** Times the retries. */
  readonly clock: Clock;
  /** Where cuts go when they take too much memory; left out: they stay in memory. */
  readonly spool?: Spool;
  /** Memory in use from which on new cuts are spooled, bytes. */
  readonly spillBytes: number;
  /** Hears what happens. */
  readonly listener: CutQueueListener;
}

interface Waiter {
  readonly number: number;
  readonly settle: (outcome: CommitReceipt | undefined) => void;
}

/**
 * Cuts of one machine on their way into the repository, stored one after the other in the order in which they were cut.
 * A failed append is tried again, for as long as it takes, while new cuts queue up behind it.
 */
export class CutQueue {
  readonly #options: CutQueueOptions;
  readonly #entries: QueuedCut[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #closing = new AbortController();
  readonly #pace: StorePace;
  #draining: Promise<void> | undefined;
  #spilling: Promise<void> | undefined;
  #settledNumber = 0;
  #failure: unknown;
  #spoolFailure: { error: unknown; atMs: number } | undefined;

  /** @param options - see CutQueueOptions */
  constructor(options: CutQueueOptions) {
    this.#options = options;
    this.#pace = new StorePace(options.clock);
  }

  /** Cuts that wait or are being stored. */
  get length(): number {
    return this.#entries.length;
  }

  /** Number of the newest cut that is stored, and every earlier one with it, or given up. */
  get settledNumber(): number {
    return this.#settledNumber;
  }

  /** Data that waits, in memory and in the spool, bytes. */
  get waitingBytes(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.blockCount * blockBytes, 0);
  }

  /** Data that waits in the spool, bytes. */
  get spooledBytes(): number {
    const spooled = this.#entries.filter((entry) => entry.spoolPlace !== undefined);
    return spooled.reduce((sum, entry) => sum + entry.blockCount * blockBytes, 0);
  }

  /** Steady time of the oldest write that is not stored yet, milliseconds; undefined when there is none. */
  get oldestMs(): number | undefined {
    return this.#entries[0]?.cut.oldestMs;
  }

  /** Number of the cut being stored; undefined when none waits. */
  get headNumber(): number | undefined {
    return this.#entries[0]?.cut.number;
  }

  /** Why the newest attempt to store failed; undefined while storing works. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Takes a cut, and its slabs with it. @param cut - its number is higher than all before */
  push(cut: Cut): void {
    const entry = new QueuedCut(cut);
    this.#entries.push(entry);
    this.#pace.captured(entry.blockCount * blockBytes);
    this.#draining ??= this.#drain();
    this.#spillWhenNeeded();
  }

  /**
   * Waits until a cut is stored or given up.
   * @param number - number of a cut
   * @param signal - ends the wait early, as if the cut had been given up
   * @returns its receipt; undefined when it was given up or was settled before
   */
  async settled(number: number, signal?: AbortSignal): Promise<CommitReceipt | undefined> {
    if (number <= this.#settledNumber || signal?.aborted === true) return undefined;
    return new Promise((resolve) => {
      const stop = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        resolve(undefined);
      };
      const settle = (outcome: CommitReceipt | undefined): void => {
        signal?.removeEventListener('abort', stop);
        resolve(outcome);
      };
      const waiter: Waiter = { number, settle };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Stops: waits for the append under way, and gives up what is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#draining;
    await this.#spilling;
    await this.#drop(this.#entries.splice(0));
    for (const waiter of this.#waiters.splice(0)) waiter.settle(undefined);
    await this.#options.spool?.close();
  }

  async #drain(): Promise<void> {
    for (;;) {
      const head = this.#entries[0];
      if (head === undefined || this.#closing.signal.aborted) break;
      const waitMs = this.#pace.wait(head.blockCount * blockBytes);
      if (waitMs > 0 && this.#mayWait) await this.#sleep(waitMs);
      if (!this.#closing.signal.aborted) await this.#store(head);
    }
    this.#draining = undefined;
  }

  /** Whoever waits for a point is served at once; and without a spool, or with a full one, going easy would end in a gap. */
  get #mayWait(): boolean {
    const { spool } = this.#options;
    if (spool === undefined || this.#waiters.length > 0) return false;
    return this.spooledBytes < spool.bytesMax * storePaceSpoolShare;
  }

  async #store(head: QueuedCut): Promise<void> {
    if (!(await this.#bringToMemory(head))) return;
    const request = await this.#toRequest(head);
    let retryMs = appendRetryMsMin;
    for (;;) {
      try {
        this.#finish(head, await this.#options.sink.append(request));
        return;
      } catch (error) {
        if (!isSecondwindError(error) || !error.definition.retryable) {
          await this.#lose(error);
          return;
        }
        this.#failure = error;
        this.#options.listener.changed();
      }
      if (!(await this.#sleep(retryMs))) return;
      retryMs = Math.min(retryMs * 2, appendRetryMsMax);
    }
  }

  #finish(head: QueuedCut, receipt: CommitReceipt): void {
    this.#entries.shift();
    head.release(this.#options.pool);
    this.#failure = undefined;
    this.#settledNumber = head.cut.number;
    this.#settleWaiters(receipt, head.cut.number);
    this.#options.listener.stored(head.cut, receipt);
  }

  /** Gives up everything that waits: what was cut after a lost cut is worth nothing without it. */
  async #lose(error: unknown): Promise<void> {
    const lost = this.#entries.splice(0);
    const cuts = lost.map((entry) => entry.cut);
    this.#settledNumber = cuts.at(-1)!.number;
    this.#failure = error;
    this.#options.listener.lost(cuts, error);
    this.#settleWaiters(undefined, this.#settledNumber);
    await this.#drop(lost);
    // Whatever made the store refuse may refuse the next one too.
    await this.#sleep(appendRetryMsMin);
  }

  async #drop(entries: readonly QueuedCut[]): Promise<void> {
    for (const entry of entries) {
      await entry.spilling;
      if (entry.spoolPlace !== undefined) this.#options.spool!.free(entry.spoolPlace);
      entry.release(this.#options.pool);
    }
  }

  #settleWaiters(receipt: CommitReceipt | undefined, number: number): void {
    for (let i = this.#waiters.length - 1; i >= 0; i--) {
      const waiter = this.#waiters[i]!;
      if (waiter.number > number) continue;
      this.#waiters.splice(i, 1);
      waiter.settle(waiter.number === number ? receipt : undefined);
    }
  }

  async #toRequest(entry: QueuedCut): Promise<CommitRequest> {
    const { cut } = entry;
    const disks: DiskChange[] = [];
    for (const [index, disk] of cut.disks.entries()) {
      const positions = entry.positions[index]!;
      const source = { blocks: disk.blocks, positions, zeroes: disk.zeroes };
      const { runs, slabs } = await gatherRuns(source, this.#options.pool);
      entry.slabs.push(...slabs);
      disks.push({ disk: disk.disk, sizeBytes: disk.sizeBytes, state: disk.state, runs });
    }
    const { machine, timeMicros, consistency, notes } = cut;
    return { machine, timeMicros, consistency, disks, notes };
  }

  /** @returns whether the data is in memory now; false: it could not be, and was given up, or the queue closes */
  async #bringToMemory(entry: QueuedCut): Promise<boolean> {
    await entry.spilling;
    const spool = this.#options.spool;
    while (entry.spoolPlace !== undefined && spool !== undefined) {
      try {
        if (await loadCut(entry, spool, this.#options.pool)) return true;
      } catch (error) {
        await this.#lose(error);
        return false;
      }
      if (!(await this.#sleep(memoryRetryMs))) return false;
    }
    return true;
  }

  #spillWhenNeeded(): void {
    const { pool, spool, spillBytes, clock } = this.#options;
    if (spool === undefined || pool.usedBytes <= spillBytes) return;
    const failedAtMs = this.#spoolFailure?.atMs;
    if (failedAtMs !== undefined && clock.steadyMs() < failedAtMs + spoolRetryMs) return;
    this.#spilling ??= this.#spill(spool);
  }

  async #spill(spool: Spool): Promise<void> {
    const { pool, spillBytes, clock } = this.#options;
    // The caller sets #spilling first; without this turn a loop that ends at once would leave it set for ever.
    await Promise.resolve();
    while (pool.usedBytes > spillBytes && !this.#closing.signal.aborted) {
      const entry = this.#nextToSpill();
      if (entry === undefined) break;
      try {
        const attempt = entry.spill(spool, pool);
        entry.spilling = Promise.allSettled([attempt]);
        if (!(await attempt)) break;
        this.#spoolFailure = undefined;
      } catch (error) {
        this.#spoolFailure = { error, atMs: clock.steadyMs() };
        break;
      } finally {
        entry.spilling = undefined;
      }
    }
    this.#spilling = undefined;
    this.#options.listener.changed();
  }

  /** The newest cut when nothing is spooled, else the next after those: the spool is a ring and keeps their order. */
  #nextToSpill(): QueuedCut | undefined {
    const lastSpooled = this.#entries.findLastIndex((entry) => entry.spoolPlace !== undefined);
    const from = lastSpooled < 0 ? this.#entries.length - 1 : lastSpooled + 1;
    for (let i = Math.max(from, 1); i < this.#entries.length; i++) {
      if (this.#entries[i]!.blockCount > 0) return this.#entries[i];
    }
    return undefined;
  }

  /** @returns whether the time has passed; false when the queue closes */
  async #sleep(durationMs: number): Promise<boolean> {
    const { signal } = this.#closing;
    try {
      await this.#options.clock.sleep(durationMs, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw new SecondwindError('INTERNAL', { reason: 'the clock failed' }, error);
    }
  }
}

/** Wait for memory before a cut is brought back from the spool, milliseconds. */
const memoryRetryMs = 20;

/** Wait before a spool that failed is tried again, milliseconds. */
const spoolRetryMs = 10_000;
