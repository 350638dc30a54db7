import type { Micros } from '../../base/clock.ts';
import type {
  CommitDisk,
  CommitRecord,
  CommitRecordNote,
  CommitRegion,
} from '../../format/commit-record.ts';
import type { CommitNote } from '../contract.ts';
import type { StoredExtent } from './extent-list.ts';
import type { PreparedCommit } from './prepared-commit.ts';

/** What a record says beside what was prepared. */
export interface RecordPosition {
  /** Position in the machine's history, from 1. */
  readonly sequence: number;
  /** The moment under which the state is restored. */
  readonly timeMicros: Micros;
  /** SHA-256 of the record before it, 32 bytes. */
  readonly previousHash: Uint8Array;
  /** How much of its own segment was reported durable, bytes. */
  readonly acknowledgedBytes: number;
  /** Where the record before it in the same segment begins, bytes; 0 for the first. */
  readonly previousRecordBytes: number;
  /** Marks for the timeline. */
  readonly notes: readonly CommitNote[];
}

/**
 * Makes the record of a prepared commit.
 * @param prepared - its chunks are written
 * @param position - its place in the machine's history
 */
export function recordOf(prepared: PreparedCommit, position: RecordPosition): CommitRecord {
  const { request, names, extents } = prepared;
  const disks = request.disks.map(
    ({ disk, sizeBytes, state }, index): CommitDisk => ({
      disk,
      sizeBytes,
      state,
      regions: regionsOf(extents[index] ?? []),
    }),
  );
  return {
    ...position,
    machine: request.machine,
    consistency: request.consistency,
    changedBytes: prepared.changedBytes,
    newBytes: prepared.newBytes,
    storedBytes: prepared.storedBytes,
    chunkNames: Array.from({ length: names.count }, (_, index) => names.list.nameAt(index + 1)),
    disks,
    notes: position.notes.map((note) => recordNote(note, position.timeMicros)),
  };
}

function regionsOf(extents: readonly StoredExtent[]): CommitRegion[] {
  const regions: { region: number; extents: CommitRegion['extents'][number][] }[] = [];
  for (const { region, ...extent } of extents) {
    if (regions.at(-1)?.region !== region) regions.push({ region, extents: [] });
    regions.at(-1)?.extents.push(extent);
  }
  return regions;
}

function recordNote(note: CommitNote, timeMicros: Micros): CommitRecordNote {
  const { kind, text } = note;
  return { kind, text, disk: note.disk ?? '', fromMicros: note.fromMicros ?? timeMicros };
}
