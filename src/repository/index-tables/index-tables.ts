import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import type { OrderedStore } from '../../keyvalue/ordered-store.ts';
import { ChangeTable } from './change-table.ts';
import type { RowSealer } from './checked-table.ts';
import { ChunkTable } from './chunk-table.ts';
import { CommitTable } from './commit-table.ts';
import { DiskHistoryTable } from './disk-history-table.ts';
import { NameTable } from './name-table.ts';
import { type IndexState, type MachineHead, type Reach, StateTable } from './state-table.ts';
import { TimelineTable } from './timeline-table.ts';

/** Names of all tables; what a store for the indexes is opened with. */
export const indexTableNames: readonly string[] = [
  'changes',
  'commits',
  'disks',
  'heads',
  'machines',
  'marks',
  'names',
  'places',
  'sizes',
  'spans',
  'state',
  'timeline',
];

/** What the indexes must belong to. */
export interface IndexOptions {
  /** 1 to 64 bytes; an index of another repository is refused. */
  readonly repositoryId: Uint8Array;
  /** Where replaying the log begins for a new index. */
  readonly start: Reach;
  /** Seals names and notes; without it they lie in plain text. */
  readonly sealer?: RowSealer;
  /** Chunk names gathered in memory before they are entered into their table; see index-limits.ts when left out. */
  readonly recentNamesMax?: number;
}

/** A time in which a disk cannot be restored. */
export interface DiskGap {
  /** The commit that began it. */
  readonly gapStartMicros: Micros;
  /** The commit that ended it; left out: it lasts still. */
  readonly gapEndMicros?: Micros;
  /** Last commit before it, at which the disk was whole; left out: it never was. */
  readonly wholeBeforeMicros?: Micros;
  /** First commit behind it, at which the disk is whole again. */
  readonly wholeAfterMicros?: Micros;
}

/**
 * The indexes of a repository, all in one ordered store, so that one batch moves them from one prefix of the log to a
 * longer one. They are caches: whatever is wrong with them is DAMAGED (isIndexDamage), and the cure is to rebuild them.
 */
export class IndexTables {
  /** Where everything lies. */
  readonly store: OrderedStore;
  /** Chunk names, numbers and places. */
  readonly chunks: ChunkTable;
  /** Regions over time. */
  readonly timeline: TimelineTable;
  /** Which regions each commit changed. */
  readonly changes: ChangeTable;
  /** Commits and their notes. */
  readonly commits: CommitTable;
  /** States and sizes of disks over time. */
  readonly diskHistory: DiskHistoryTable;
  /** Machines and disks. */
  readonly names: NameTable;
  /** Reach, counters and heads. */
  readonly stateTable: StateTable;
  readonly #start: Reach;

  /**
   * Opens the indexes.
   * @param store - opened with indexTableNames; borrowed
   * @param options - see IndexOptions
   * @throws DAMAGED when they are of another repository or format, or broken
   */
  constructor(store: OrderedStore, options: IndexOptions) {
    assert(options.repositoryId.length >= 1 && options.repositoryId.length <= 64);
    this.store = store;
    this.#start = options.start;
    this.chunks = new ChunkTable(store, options.recentNamesMax);
    this.timeline = new TimelineTable(store);
    this.changes = new ChangeTable(store);
    this.commits = new CommitTable(store, options.sealer);
    this.diskHistory = new DiskHistoryTable(store);
    this.names = new NameTable(store, options.sealer);
    this.stateTable = new StateTable(store, options.repositoryId);
    const { counters, namedCount } = this.state();
    this.chunks.load({ chunkCount: counters.chunkCount, namedCount });
    this.names.load();
  }

  /**
   * Reads the state.
   * @returns reach and counters as of the last flush of the writer
   * @throws DAMAGED
   */
  state(): IndexState {
    return (
      this.stateTable.read() ?? {
        reach: this.#start,
        counters: {
          logicalBytes: 0,
          uniqueBytes: 0,
          storedBytes: 0,
          chunkCount: 0,
          commitCount: 0,
          regionRows: 0,
        },
        namedCount: 0,
      }
    );
  }

  /**
   * Reads the heads.
   * @returns where every machine's history ends, by machine number
   * @throws DAMAGED
   */
  heads(): ReadonlyMap<number, MachineHead> {
    return this.stateTable.heads();
  }

  /**
   * Tells whether a disk cannot be restored at a moment, and what can be restored instead.
   * @param disk - number
   * @param timeMicros - moment
   * @returns undefined when the disk was whole then, or had no commit yet (see diskHistory.spanAt)
   * @throws DAMAGED
   */
  gapAt(disk: number, timeMicros: Micros): DiskGap | undefined {
    const span = this.diskHistory.spanAt(disk, timeMicros);
    if (span === undefined || span.state === 'whole') return undefined;
    const { fromMicros, untilMicros } = span;
    const machine = this.names.disk(disk)?.machineNumber;
    const wasWhole = this.diskHistory.spanAt(disk, fromMicros - 1)?.state === 'whole';
    const before =
      wasWhole && machine !== undefined
        ? this.commits.newestAtOrBefore(machine, fromMicros - 1)?.timeMicros
        : undefined;
    return {
      gapStartMicros: fromMicros,
      ...(before === undefined ? {} : { wholeBeforeMicros: before }),
      ...(untilMicros === undefined
        ? {}
        : { gapEndMicros: untilMicros, wholeAfterMicros: untilMicros }),
    };
  }
}
