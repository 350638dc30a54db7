import type { Micros } from '../../base/clock.ts';
import { ByteReader } from '../../format/byte-reader.ts';
import { ByteWriter } from '../../format/byte-writer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import type { CommitNote, CommitRequest, DiskState } from '../contract.ts';
import { CheckedTable, type RowSealer } from './checked-table.ts';
import { diskNumberMax } from './index-limits.ts';
import { keyOfMoment, momentMax, momentOfKey } from './row-keys.ts';

/** One disk's part of a commit row. */
export interface CommitRowDisk {
  /** Number of the disk. */
  readonly disk: number;
  /** Size at the commit, bytes. */
  readonly sizeBytes: number;
  /** Whether the disk can be restored as it stood at the commit. */
  readonly state: DiskState;
}

/** What the index keeps of a commit. */
export interface CommitRow {
  /** Number of the machine. */
  readonly machine: number;
  /** Time of the commit. */
  readonly timeMicros: Micros;
  /** Segment that holds its entry. */
  readonly segment: number;
  /** Where the entry begins in the segment, bytes. */
  readonly offsetBytes: number;
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** What the source promised about the moment. */
  readonly consistency: CommitRequest['consistency'];
  /** Bytes of changed blocks. */
  readonly changedBytes: number;
  /** Bytes of them not seen before. */
  readonly newBytes: number;
  /** Bytes added to the store. */
  readonly storedBytes: number;
  /** The disks it speaks of. */
  readonly disks: readonly CommitRowDisk[];
  /** Marks for the timeline that came with it. */
  readonly notes: readonly CommitNote[];
}

/** The notes of one commit. */
export interface CommitMarks {
  /** Time of the commit. */
  readonly timeMicros: Micros;
  /** At least one. */
  readonly notes: readonly CommitNote[];
}

/** Which commits of a machine. */
export interface CommitQuery {
  /** Number of the machine. */
  readonly machine: number;
  /** First moment, included; default: the beginning. */
  readonly fromMicros?: Micros;
  /** Last moment, included; default: no end. */
  readonly toMicros?: Micros;
  /** Which come first. */
  readonly order: 'newest-first' | 'oldest-first';
  /** Most commits in one answer; go on behind the last one's time. */
  readonly limit: number;
}

const consistencies = ['crash', 'application', 'fuzzy'] as const;
const states = ['whole', 'filling'] as const;
const noteKinds = ['bookmark', 'gap', 'clock-jump', 'removed', 'resumed'] as const;
const textBytesMax = 4096;
const diskRowBytes = 13;
const noteBytesMin = 14;

/** (machine, time) → commit, in `commits`; the notes, which are few and hold people's words, apart in `marks`. */
export class CommitTable {
  readonly #commits: CheckedTable;
  readonly #marks: CheckedTable;

  /**
   * @param store - with the tables `commits` and `marks`
   * @param sealer - for the notes
   */
  constructor(store: OrderedStore, sealer?: RowSealer) {
    this.#commits = new CheckedTable(store, 'commits');
    this.#marks = new CheckedTable(store, 'marks', sealer);
  }

  /**
   * Finds the newest commit of a machine at or before a moment.
   * @param machine - number
   * @param timeMicros - moment
   * @throws DAMAGED
   */
  newestAtOrBefore(machine: number, timeMicros: Micros): CommitRow | undefined {
    return this.list({ machine, toMicros: timeMicros, order: 'newest-first', limit: 1 })[0];
  }

  /**
   * Finds the oldest commit of a machine at or after a moment.
   * @param machine - number
   * @param timeMicros - moment
   * @throws DAMAGED
   */
  oldestAtOrAfter(machine: number, timeMicros: Micros): CommitRow | undefined {
    return this.list({ machine, fromMicros: timeMicros, order: 'oldest-first', limit: 1 })[0];
  }

  /**
   * Lists commits.
   * @param query - which, and how many at most
   * @throws DAMAGED
   */
  list(query: CommitQuery): CommitRow[] {
    const rows = [...this.#commits.range(rangeOf(query))];
    return rows.map(({ key, value }) => this.#commit(key, value));
  }

  /**
   * Lists the commits that carry notes, with their notes.
   * @param query - which, and how many at most
   * @throws DAMAGED
   */
  marks(query: CommitQuery): CommitMarks[] {
    const rows = [...this.#marks.range(rangeOf(query))];
    return rows.map(({ key, value }) => ({
      timeMicros: momentOfKey(key),
      notes: this.#decode(this.#marks, key, value, readNotes),
    }));
  }

  /**
   * Makes the rows of a commit.
   * @param commit - to store
   */
  rows(commit: CommitRow): StoreWrite[] {
    const key = keyOfMoment(commit.machine, commit.timeMicros);
    const writer = new ByteWriter(64 + commit.disks.length * diskRowBytes);
    writer.u32(commit.segment).u32(commit.offsetBytes).u64(commit.sequence);
    writer.u8(consistencies.indexOf(commit.consistency)).u8(commit.notes.length > 0 ? 1 : 0);
    writer.u64(commit.changedBytes).u64(commit.newBytes).u64(commit.storedBytes);
    writer.u32(commit.disks.length);
    for (const { disk, sizeBytes, state } of commit.disks) {
      writer.u32(disk).u64(sizeBytes).u8(states.indexOf(state));
    }
    const row = this.#commits.row(key, writer.finish());
    if (commit.notes.length === 0) return [row];
    return [row, this.#marks.row(key, encodeNotes(commit.notes))];
  }

  #commit(key: Uint8Array, value: Uint8Array): CommitRow {
    const { hasNotes, ...row } = this.#decode(this.#commits, key, value, (reader) =>
      readCommit(reader, key),
    );
    if (!hasNotes) return { ...row, notes: [] };
    const marks = this.#marks.get(key);
    if (marks === undefined) throw this.#marks.damage(key, 'the notes are missing');
    return { ...row, notes: this.#decode(this.#marks, key, marks, readNotes) };
  }

  #decode<T>(
    table: CheckedTable,
    key: Uint8Array,
    value: Uint8Array,
    read: (reader: ByteReader) => T,
  ): T {
    try {
      const reader = new ByteReader(value);
      const result = read(reader);
      reader.end();
      return result;
    } catch (error) {
      throw table.damage(key, error);
    }
  }
}

function rangeOf(query: CommitQuery): {
  from: Uint8Array;
  before: Uint8Array;
  limit: number;
  isDescending: boolean;
} {
  const { machine, limit } = query;
  const to = Math.min(query.toMicros ?? momentMax, momentMax - 1);
  return {
    from: keyOfMoment(machine, Math.max(query.fromMicros ?? 0, 0)),
    before: keyOfMoment(machine, Math.max(to + 1, 0)),
    limit,
    isDescending: query.order === 'newest-first',
  };
}

function readCommit(
  reader: ByteReader,
  key: Uint8Array,
): Omit<CommitRow, 'notes'> & { hasNotes: boolean } {
  const machine = Buffer.from(key).readUInt32BE(0);
  const head = {
    machine,
    timeMicros: momentOfKey(key),
    segment: reader.u32(),
    offsetBytes: reader.u32(),
    sequence: reader.u64(),
    consistency: oneOf(reader, consistencies),
    hasNotes: reader.u8() === 1,
    changedBytes: reader.u64(),
    newBytes: reader.u64(),
    storedBytes: reader.u64(),
  };
  const count = reader.count(diskRowBytes);
  const disks = Array.from({ length: count }, () => {
    const disk = reader.u32();
    if (disk < 1 || disk > diskNumberMax) {
      throw new FormatFault('a disk number is out of range', reader.position);
    }
    return { disk, sizeBytes: reader.u64(), state: oneOf(reader, states) };
  });
  return { ...head, disks };
}

function encodeNotes(notes: readonly CommitNote[]): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u32(notes.length);
  for (const note of notes) {
    const flags = (note.disk === undefined ? 0 : 1) | (note.fromMicros === undefined ? 0 : 2);
    writer
      .u8(noteKinds.indexOf(note.kind))
      .u8(flags)
      .text(note.disk ?? '')
      .text(note.text);
    writer.u64(note.fromMicros ?? 0);
  }
  return writer.finish();
}

function readNotes(reader: ByteReader): CommitNote[] {
  const count = reader.count(noteBytesMin);
  return Array.from({ length: count }, () => {
    const kind = oneOf(reader, noteKinds);
    const flags = reader.u8();
    const disk = reader.text(textBytesMax);
    const text = reader.text(textBytesMax);
    const fromMicros = reader.u64();
    return {
      kind,
      text,
      ...((flags & 1) === 0 ? {} : { disk }),
      ...((flags & 2) === 0 ? {} : { fromMicros }),
    };
  });
}

function oneOf<T>(reader: ByteReader, values: readonly T[]): T {
  const value = values[reader.u8()];
  if (value === undefined) throw new FormatFault('a field has no known value', reader.position - 1);
  return value;
}
