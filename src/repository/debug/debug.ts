import { SecondwindError } from '../../base/errors.ts';
import { decodeGroupDirectory } from '../../format/chunk-group.ts';
import { decodeCommitRecord } from '../../format/commit-record.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { CommitRow } from '../index-tables/commit-table.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { FoundMoment } from '../query/moments.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { walkSegment } from '../segments/segment-walk.ts';

const commitsPerPage = 1000;

/**
 * Shows what a segment holds.
 * @param readers - open the segment
 * @param segment - number
 * @throws DAMAGED, IO_FAILED
 */
export async function debugSegment(readers: SegmentReaders, segment: number): Promise<unknown> {
  const walked = await walkSegment(readers, segment);
  return readers.use(segment, ({ header }) =>
    Promise.resolve({
      file: segmentName(segment),
      sizeBytes: walked.sizeBytes,
      isSealed: walked.isSealed,
      createdMicros: header.createdMicros,
      previousSegment: header.previousSegment,
      previousLengthBytes: header.previousLengthBytes,
      holes: walked.holes,
      entries: walked.entries.map(({ chunks, ...entry }) => ({
        ...entry,
        ...(chunks === undefined ? {} : { chunks: chunks.map(chunkJson) }),
      })),
    }),
  );
}

/**
 * Shows a commit record.
 * @param tables - the indexes
 * @param readers - open its segment
 * @param machine - name
 * @param sequence - position in the machine's history
 * @throws UNKNOWN_MACHINE, NOT_FOUND, DAMAGED
 */
export async function debugCommit(
  tables: IndexTables,
  readers: SegmentReaders,
  machine: string,
  sequence: number,
): Promise<unknown> {
  const row = findCommit(tables, machine, sequence);
  const [entry] = await readers.open(row.segment, [row.offsetBytes], 'read');
  const record = decodeCommitRecord(plainOf(entry, row.segment, row.offsetBytes));
  return {
    file: segmentName(row.segment),
    offsetBytes: row.offsetBytes,
    ...record,
    previousHash: hex(record.previousHash),
    chunkNames: record.chunkNames.map(hex),
  };
}

/**
 * Shows what the timeline says of one region.
 * @param tables - the indexes
 * @param moment - disk and time
 * @param region - number
 */
export function debugRegion(tables: IndexTables, moment: FoundMoment, region: number): unknown {
  const { disk, timeMicros } = moment;
  const entry = tables.timeline.entryAt(disk.diskNumber, region, timeMicros);
  const count = entry?.extents.count ?? 0;
  const extents = Array.from({ length: count }, (_, index) => {
    const number = entry?.extents.chunkNumber(index) ?? 0;
    const blocks = {
      startBlock: entry?.extents.startBlock(index),
      blockCount: entry?.extents.blockCount(index),
    };
    if (number === 0) return { ...blocks, isExcluded: true };
    return {
      ...blocks,
      chunkStartBlock: entry?.extents.chunkStartBlock(index),
      chunk: hex(tables.chunks.nameOf(number)),
      place: tables.chunks.placeOf(number),
    };
  });
  return { region, writtenMicros: entry?.timeMicros ?? 0, depth: entry?.depth ?? 0, extents };
}

/**
 * Shows where a chunk lies.
 * @param tables - the indexes
 * @param readers - open its segment
 * @param nameHex - 64 hexadecimal digits
 * @throws NOT_FOUND, DAMAGED
 */
export async function debugChunk(
  tables: IndexTables,
  readers: SegmentReaders,
  nameHex: string,
): Promise<unknown> {
  const isName = /^[0-9a-f]{64}$/i.test(nameHex);
  const number = isName ? tables.chunks.numberOf(Buffer.from(nameHex, 'hex')) : undefined;
  if (number === undefined)
    throw new SecondwindError('NOT_FOUND', { what: 'chunk', name: nameHex });
  const place = tables.chunks.placeOf(number);
  const [entry] = await readers.open(place.segment, [place.entryOffsetBytes], 'read');
  const plain = plainOf(entry, place.segment, place.entryOffsetBytes);
  const { chunks, dataOffsetBytes } = decodeGroupDirectory(plain);
  const group = { plainBytes: plain.length, dataOffsetBytes, chunks: chunks.map(chunkJson) };
  return { number, file: segmentName(place.segment), place, group };
}

function findCommit(tables: IndexTables, machine: string, sequence: number): CommitRow {
  const number = tables.names.machineNumber(machine);
  if (number === undefined) throw new SecondwindError('UNKNOWN_MACHINE', { machine });
  let fromMicros = 0;
  for (;;) {
    const query = { machine: number, fromMicros, order: 'oldest-first' as const };
    const rows = tables.commits.list({ ...query, limit: commitsPerPage });
    const found = rows.find((row) => row.sequence === sequence);
    if (found !== undefined) return found;
    const last = rows.at(-1);
    if (last === undefined || last.sequence > sequence) {
      throw new SecondwindError('NOT_FOUND', { what: 'commit', name: String(sequence) });
    }
    fromMicros = last.timeMicros + 1;
  }
}

function plainOf(entry: OpenedEntry | undefined, segment: number, offset: number): Uint8Array {
  if (entry !== undefined && 'plain' in entry) return entry.plain;
  const reason = entry?.fault ?? 'nothing was read';
  throw new SecondwindError('DAMAGED', { file: segmentName(segment), offset, reason, segment });
}

function chunkJson(chunk: { name: Uint8Array; blockCount: number }): unknown {
  return { name: hex(chunk.name), blockCount: chunk.blockCount };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
