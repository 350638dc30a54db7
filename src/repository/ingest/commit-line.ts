import type { Clock, Micros } from '../../base/clock.ts';
import { fromSystemError } from '../../base/errors.ts';
import { type CommitRecord, encodeCommitRecord } from '../../format/commit-record.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { SealRecordResult } from '../../pipeline/seal-record.ts';
import type { CommitNote, CommitReceipt, CommitRequest } from '../contract.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';
import type { MachineHead, Reach } from '../index-tables/state-table.ts';
import { type HeldSegment, interrupted, type SegmentLog } from '../segments/segment-log.ts';
import type { ChunkClaims } from './chunk-claims.ts';
import { ClockWatch } from './clock-watch.ts';
import { indexPrepared } from './index-prepared.ts';
import type { PreparedCommit } from './prepared-commit.ts';
import { recordOf } from './record-of.ts';

/** What finishing commits needs. */
export interface CommitLineOptions {
  readonly pipeline: Pipeline;
  readonly log: SegmentLog;
  readonly tables: IndexTables;
  readonly writer: IndexWriter;
  readonly claims: ChunkClaims;
  readonly clock: Clock;
}

/** A commit in the line. */
interface Waiting {
  /** End of the log when it began: none of its groups lies before. */
  readonly begin: Reach;
  /** Ends when its chunks are written, or that failed; never rejects. */
  preparing: Promise<void>;
  readonly resolve: (receipt: CommitReceipt) => void;
  readonly reject: (error: unknown) => void;
  prepared?: PreparedCommit;
  failure?: { readonly error: unknown };
}

/** A commit whose record is written. */
interface Written {
  readonly prepared: PreparedCommit;
  readonly record: CommitRecord;
  readonly segment: number;
  readonly sealed: SealRecordResult;
}

/** Commits finished by one sync and one index batch. */
const groupCommitsMax = 64;
/** A clock that steps back by more than this is worth a mark, microseconds. */
const clockJumpMicros = 1_000_000;

/**
 * Second half of storing commits, strictly in the order in which they were handed in: record written, log synced, index
 * brought up to date, receipt given. Commits that are ready together share the sync.
 *
 * Invariants: a receipt is given only after the record and all chunks before it are on stable storage and every view
 * opened from then on sees the commit; after a failure nothing of an unacknowledged commit is visible, now or after a
 * restart, because its segment is given up.
 */
export class CommitLine {
  /** Time of the newest commit. */
  lastMicros: Micros;
  readonly #options: CommitLineOptions;
  readonly #line: Waiting[] = [];
  readonly #watch: ClockWatch;
  #isDiscardDue = false;
  #draining: Promise<void> | undefined;

  /**
   * @param options - see CommitLineOptions
   * @param lastMicros - time of the newest commit of the repository
   */
  constructor(options: CommitLineOptions, lastMicros: Micros) {
    this.#options = options;
    this.#watch = new ClockWatch(options.clock);
    this.lastMicros = lastMicros;
  }

  /**
   * Puts a commit at the end of the line.
   * @param preparing - ends when its chunks are written
   * @throws NO_SPACE, IO_FAILED
   */
  enter(preparing: Promise<PreparedCommit>): Promise<CommitReceipt> {
    return new Promise((resolve, reject) => {
      const begin = this.#options.log.end;
      const waiting: Waiting = { begin, resolve, reject, preparing: Promise.resolve() };
      this.#line.push(waiting);
      waiting.preparing = preparing.then(
        (prepared) => {
          waiting.prepared = prepared;
          this.#drain();
        },
        (error: unknown) => {
          waiting.failure = { error };
          this.#drain();
        },
      );
    });
  }

  /** Waits until the line is empty. */
  async idle(): Promise<void> {
    while (this.#line.length > 0 || this.#draining !== undefined) {
      // The first in the line, not the last: that one may be ready long before, and waiting for it would be no waiting.
      await (this.#draining ?? this.#line[0]?.preparing);
    }
  }

  #drain(): void {
    this.#draining ??= this.#finishReady().finally(() => {
      this.#draining = undefined;
      if (this.#isHeadReady()) this.#drain();
    });
  }

  #isHeadReady(): boolean {
    const head = this.#line[0];
    return head?.prepared !== undefined || head?.failure !== undefined;
  }

  async #finishReady(): Promise<void> {
    while (this.#isHeadReady()) {
      const group: Waiting[] = [];
      while (this.#isHeadReady() && group.length < groupCommitsMax) {
        const head = this.#line.shift();
        if (head?.failure !== undefined) head.reject(head.failure.error);
        else if (head?.prepared?.generation !== this.#options.log.generation) {
          head?.reject(interrupted());
        } else group.push(head);
      }
      if (group.length > 0) await this.#finish(group);
    }
  }

  async #finish(group: readonly Waiting[]): Promise<void> {
    const prepared = group.flatMap((waiting) => waiting.prepared ?? []);
    const { log } = this.#options;
    const { generation } = log;
    try {
      if (this.#isDiscardDue) await this.#discard();
      const receipts = await log.hold(generation, (held) => this.#store(held, prepared));
      for (const [index, waiting] of group.entries()) {
        const receipt = receipts[index];
        if (receipt !== undefined) waiting.resolve(receipt);
      }
    } catch (error) {
      log.abandon(generation);
      await this.#discard().catch(() => undefined);
      const translated = fromSystemError(error, 'Storing', 'a commit');
      for (const waiting of group) waiting.reject(translated);
    }
  }

  /** Rows of what was not stored must never reach the index, so nothing goes on before they are gone. */
  async #discard(): Promise<void> {
    this.#isDiscardDue = true;
    await this.#options.writer.discard();
    this.#isDiscardDue = false;
  }

  async #store(held: HeldSegment, group: readonly PreparedCommit[]): Promise<CommitReceipt[]> {
    const written = await this.#writeRecords(held, group);
    await held.sync();
    for (const commit of written) this.#stage(commit);
    await this.#options.writer.flush();
    const last = written.at(-1);
    if (last !== undefined) held.acknowledge(endOf(last));
    this.lastMicros = Math.max(this.lastMicros, ...written.map(({ record }) => record.timeMicros));
    return written.map(({ record, prepared }) => ({
      timeMicros: record.timeMicros,
      sequence: record.sequence,
      changedBytes: prepared.changedBytes,
      newBytes: prepared.newBytes,
      storedBytes: prepared.storedBytes,
    }));
  }

  async #writeRecords(held: HeldSegment, group: readonly PreparedCommit[]): Promise<Written[]> {
    const heads = new Map<string, MachineHead>();
    const written: Written[] = [];
    for (const prepared of group) {
      const { machine } = prepared.request;
      const next = await this.#writeRecord(
        held,
        prepared,
        heads.get(machine) ?? this.#head(machine),
      );
      const { timeMicros, sequence } = next.record;
      heads.set(machine, { sequence, timeMicros, hash: next.sealed.hash });
      written.push(next);
    }
    return written;
  }

  #head(machine: string): MachineHead | undefined {
    const number = this.#options.tables.names.machineNumber(machine);
    return number === undefined ? undefined : this.#options.writer.head(number);
  }

  async #writeRecord(
    held: HeldSegment,
    prepared: PreparedCommit,
    head: MachineHead | undefined,
  ): Promise<Written> {
    // Time runs forward for each machine by itself: what one sends late keeps the moment at which it was cut.
    const lastMicros = head?.timeMicros ?? -1;
    const timeMicros = Math.max(prepared.request.timeMicros, lastMicros + 1);
    const position = {
      sequence: (head?.sequence ?? 0) + 1,
      timeMicros,
      previousHash: head?.hash ?? new Uint8Array(32),
      notes: notesOf(prepared.request, lastMicros, this.#watch.takeJump()),
    };
    const { acknowledgedBytes, previousRecordBytes } = held;
    const record = recordOf(prepared, { ...position, acknowledgedBytes, previousRecordBytes });
    const plain = encodeCommitRecord(record);
    const sealed = await held.storeRecord((place) =>
      this.#options.pipeline.run('sealRecord', { type: 'commit', plain, place, level: 1 }, 'store'),
    );
    return { prepared, record, segment: held.segment, sealed };
  }

  #stage(commit: Written): void {
    const { writer, claims } = this.#options;
    const { prepared, record, segment, sealed } = commit;
    const place = { segment, offsetBytes: sealed.offsetBytes, hash: sealed.hash };
    indexPrepared(writer, prepared, record, place);
    claims.settle(prepared.names);
    const reach = earlier({ segment, offsetBytes: endOf(commit) }, this.#line[0]?.begin);
    if (earlier(writer.reach, reach) === writer.reach) writer.advance(reach);
  }
}

function endOf({ sealed }: Written): number {
  return sealed.offsetBytes + sealed.bytes.length;
}

function earlier(one: Reach, other: Reach | undefined): Reach {
  if (other === undefined) return one;
  const order = one.segment - other.segment || one.offsetBytes - other.offsetBytes;
  return order <= 0 ? one : other;
}

/** Every step of the clock leaves a mark; times themselves never run backward. */
function notesOf(
  request: CommitRequest,
  lastMicros: Micros,
  jumpMicros: Micros,
): readonly CommitNote[] {
  const notes = request.notes ?? [];
  const behindMicros = lastMicros - request.timeMicros;
  const steppedMicros =
    jumpMicros === 0 && behindMicros > clockJumpMicros ? -behindMicros : jumpMicros;
  if (steppedMicros === 0) return notes;
  const seconds = Math.round(Math.abs(steppedMicros) / 1_000_000);
  const text =
    steppedMicros < 0
      ? `the clock was set back by ${seconds} s; times go on without running backward`
      : `the clock was set forward by ${seconds} s`;
  return [...notes, { kind: 'clock-jump', text, fromMicros: request.timeMicros }];
}
