import type { Micros } from '../../base/clock.ts';
import { ByteReader } from '../../format/byte-reader.ts';
import { ByteWriter } from '../../format/byte-writer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import type { BrokenHistory } from './broken-history.ts';
import { CheckedTable } from './checked-table.ts';
import { machineNumberMax } from './index-limits.ts';
import { keyOfNumber, numberOfKey } from './row-keys.ts';

/** How far into the log the indexes reach: everything before this place is in them, nothing behind it. */
export interface Reach {
  /** Number of the segment. */
  readonly segment: number;
  /** Offset in the segment, bytes. */
  readonly offsetBytes: number;
}

/** Where a machine's history ends. */
export interface MachineHead {
  /** Of its last commit, from 1. */
  readonly sequence: number;
  /** Of its last commit. */
  readonly timeMicros: Micros;
  /** SHA-256 of its last commit record, 32 bytes. */
  readonly hash: Uint8Array;
  /** Set while commits of the machine are lost. */
  readonly brokenHistory?: BrokenHistory;
}

/** Sums over the whole repository. */
export interface IndexCounters {
  /** Bytes of changed blocks of all commits. */
  readonly logicalBytes: number;
  /** Bytes of them that were not seen before. */
  readonly uniqueBytes: number;
  /** Bytes that commits added to the store. */
  readonly storedBytes: number;
  /** Chunks; also the highest chunk number. */
  readonly chunkCount: number;
  /** Commits of all machines. */
  readonly commitCount: number;
  /** Rows of the timeline. */
  readonly regionRows: number;
}

/** What the indexes know about themselves. */
export interface IndexState {
  /** How far they reach. */
  readonly reach: Reach;
  /** Sums up to there. */
  readonly counters: IndexCounters;
  /** Chunks up to this number have their rows in `names`. */
  readonly namedCount: number;
}

/** Version of the tables' layout; an index of another version is rebuilt. */
export const indexFormat = 4;

const identityKey = Uint8Array.of(0);
const stateKey = Uint8Array.of(1);

/** `state`: identity (format, repository) and state (reach, counters). `heads`: machine → end of its history. */
export class StateTable {
  readonly #table: CheckedTable;
  readonly #heads: CheckedTable;
  readonly #repositoryId: Uint8Array;

  /**
   * @param store - with the tables `state` and `heads`
   * @param repositoryId - 1 to 64 bytes: whose index it must be
   */
  constructor(store: OrderedStore, repositoryId: Uint8Array) {
    this.#table = new CheckedTable(store, 'state');
    this.#heads = new CheckedTable(store, 'heads');
    this.#repositoryId = Uint8Array.from(repositoryId);
  }

  /**
   * Reads the state.
   * @returns undefined when the index is new
   * @throws DAMAGED also when it is of another format or repository
   */
  read(): IndexState | undefined {
    const identity = this.#table.get(identityKey);
    const state = this.#table.get(stateKey);
    if (identity === undefined && state === undefined) return undefined;
    if (identity === undefined || state === undefined) {
      throw this.#table.damage(stateKey, 'half of the state is missing');
    }
    if (Buffer.compare(identity, this.#identity()) !== 0) {
      throw this.#table.damage(identityKey, 'it is of another repository or format');
    }
    try {
      return readState(state);
    } catch (error) {
      throw this.#table.damage(stateKey, error);
    }
  }

  /**
   * Reads the heads.
   * @returns the head of every machine, by number
   * @throws DAMAGED
   */
  heads(): Map<number, MachineHead> {
    const heads = new Map<number, MachineHead>();
    for (const { key, value } of this.#heads.range({ limit: machineNumberMax + 1 })) {
      try {
        heads.set(numberOfKey(key), readHead(value));
      } catch (error) {
        throw this.#heads.damage(key, error);
      }
    }
    return heads;
  }

  /**
   * @param state - to store
   * @returns the writes
   */
  stateRows(state: IndexState): StoreWrite[] {
    const { reach, counters, namedCount } = state;
    const writer = new ByteWriter(64).u32(reach.segment).u32(reach.offsetBytes);
    writer.u64(counters.logicalBytes).u64(counters.uniqueBytes).u64(counters.storedBytes);
    writer.u64(counters.chunkCount).u64(counters.commitCount).u64(counters.regionRows);
    writer.u64(namedCount);
    return [
      this.#table.row(identityKey, this.#identity()),
      this.#table.row(stateKey, writer.finish()),
    ];
  }

  /**
   * @param machine - number
   * @param head - its new head
   * @returns the write
   */
  headRow(machine: number, head: MachineHead): StoreWrite {
    const writer = new ByteWriter(64).u64(head.sequence).u64(head.timeMicros).bytes(head.hash);
    writer.u8(head.brokenHistory === undefined ? 0 : 1);
    const mended = head.brokenHistory?.mendedDisks ?? [];
    writer.u32(mended.length);
    for (const disk of mended) writer.u32(disk);
    return this.#heads.row(keyOfNumber(machine), writer.finish());
  }

  #identity(): Uint8Array {
    return Buffer.concat([Uint8Array.of(indexFormat), this.#repositoryId]);
  }
}

function readHead(content: Uint8Array): MachineHead {
  const reader = new ByteReader(content);
  const head = { sequence: reader.u64(), timeMicros: reader.u64(), hash: reader.bytes(32) };
  const isBroken = reader.u8() === 1;
  const mendedDisks = Array.from({ length: reader.count(4) }, () => reader.u32());
  reader.end();
  return isBroken ? { ...head, brokenHistory: { mendedDisks } } : head;
}

function readState(content: Uint8Array): IndexState {
  const reader = new ByteReader(content);
  const reach = { segment: reader.u32(), offsetBytes: reader.u32() };
  const counters = {
    logicalBytes: reader.u64(),
    uniqueBytes: reader.u64(),
    storedBytes: reader.u64(),
    chunkCount: reader.u64(),
    commitCount: reader.u64(),
    regionRows: reader.u64(),
  };
  const namedCount = reader.u64();
  reader.end();
  if (namedCount > counters.chunkCount) throw new FormatFault('more names than chunks', 0);
  return { reach, counters, namedCount };
}
