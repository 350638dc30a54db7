import { strict as assert } from 'node:assert';
import { type CommitRecord, type CommitRegion } from '../../format/commit-record.ts';
import type { CommitNote } from '../contract.ts';
import { type IndexWriter } from '../index-tables/index-writer.ts';
import { type Extent, RegionExtents } from '../index-tables/region-extents.ts';
import type { CommitNames } from './commit-names.ts';
import { type PreparedCommit, placeWords, type StoredChunks } from './prepared-commit.ts';

/** Where a commit's record lies, and its hash. */
export interface RecordPlace {
  /** Number of the segment. */
  readonly segment: number;
  /** Offset of the entry, bytes. */
  readonly offsetBytes: number;
  /** SHA-256 of the plain record. */
  readonly hash: Uint8Array;
}

/**
 * Enters a commit that was just written into the index.
 * @param writer - of the index
 * @param prepared - its new chunks get their numbers
 * @param record - what was written
 * @param place - where
 */
export function indexPrepared(
  writer: IndexWriter,
  prepared: PreparedCommit,
  record: CommitRecord,
  place: RecordPlace,
): void {
  const { names } = prepared;
  for (const chunks of prepared.stored) addChunks(writer, names, chunks);
  const numbers = new Float64Array(names.count);
  for (let position = 1; position <= names.count; position++) {
    const number = names.numberAt(position) || writer.findChunk(names.list.nameAt(position));
    assert(number !== undefined, 'a commit refers to a chunk that is not stored');
    numbers[position - 1] = number;
  }
  indexRecord(writer, record, numbers, place);
}

function addChunks(writer: IndexWriter, names: CommitNames, chunks: StoredChunks): void {
  const { segment, positions, places } = chunks;
  for (const [index, position] of positions.entries()) {
    const at = index * placeWords;
    const place = {
      segment,
      entryOffsetBytes: places[at] ?? 0,
      startBlock: places[at + 1] ?? 0,
      blockCount: places[at + 2] ?? 0,
    };
    names.setNumber(position, writer.addChunk(names.list.nameAt(position), place));
  }
}

/**
 * Enters a commit record into the index.
 * @param writer - of the index; the chunks are entered already
 * @param record - its fields
 * @param numbers - number in the index of each of the record's chunk names
 * @param place - where the record lies
 */
export function indexRecord(
  writer: IndexWriter,
  record: CommitRecord,
  numbers: ArrayLike<number>,
  place: RecordPlace,
): void {
  const { machine, disks, notes, ...row } = record;
  writer.addCommit({
    ...row,
    ...place,
    machine: writer.machineNumber(machine),
    notes: notes.map(({ disk, ...note }): CommitNote => (disk === '' ? note : { ...note, disk })),
    disks: disks.map(({ disk, sizeBytes, state, regions }) => ({
      disk: writer.diskNumber({ machine, disk }),
      sizeBytes,
      state,
      regions: regions.map((region) => indexedRegion(region, numbers)),
    })),
  });
}

function indexedRegion(
  { region, extents }: CommitRegion,
  numbers: ArrayLike<number>,
): { region: number; extents: RegionExtents } {
  const indexed = extents.map(({ startBlock, blockCount, chunk, chunkStartBlock }): Extent => {
    const chunkNumber = chunk === 0 ? 0 : (numbers[chunk - 1] ?? 0);
    return { startBlock, blockCount, chunkNumber, chunkStartBlock };
  });
  return { region, extents: RegionExtents.from(indexed) };
}
