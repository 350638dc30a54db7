import type { Storage } from '../../storage/storage.ts';
import { isIndexDamage } from '../index-tables/index-damage.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { CheckOptions, CheckReport, Damage } from '../repository.ts';
import { countSegments, listSegments } from '../segments/counted-segments.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { checkSegment, type Fault } from './check-segment.ts';
import { expectedEntries } from './expected-entries.ts';
import { timelineFaults } from './timeline-faults.ts';
import { touchedBy } from './touched-by.ts';

/** What a check needs. */
export interface CheckTask extends CheckOptions {
  readonly storage: Storage;
  readonly readers: SegmentReaders;
  readonly tables: IndexTables;
}

/** Damages reported one by one; a store with more is lost as a whole. */
const damagesMax = 1000;

/**
 * Reads the store and compares it with the index. Structure: every segment that the index needs is there, its header
 * and its list of entries can be read, and every chunk and every commit lies where the segment lists an entry. Content, for a
 * share of the segments: every entry is read, authenticated and decompressed.
 * @param task - see CheckTask
 * @throws IO_FAILED, INTERRUPTED
 */
export async function checkRepository(task: CheckTask): Promise<CheckReport> {
  const { signal, readers, tables } = task;
  const expected = await expectedEntries(tables, signal);
  const indexFaults = [...expected.faults, ...(await timelineFaults(tables.timeline, signal))];
  const counted = new Map(
    (await countSegments(readers, await listSegments(task.storage), 1)).map((each) => [
      each.segment,
      each,
    ]),
  );
  const segments = [...new Set([...counted.keys(), ...expected.segments()])];
  segments.sort((left, right) => left - right);
  const report = { segmentCount: segments.length, entryCount: 0, checkedBytes: 0 };
  const faults: Fault[] = [];
  for (const [index, segment] of segments.entries()) {
    signal?.throwIfAborted();
    const total = segments.length;
    task.progress?.({ phase: 'Checking segments', done: index, total, unit: 'segments' });
    const hasContentTurn = isSampled(index, total, task.contentShare);
    const of = { readers, expected, segment, hasContentTurn, counted: counted.get(segment) };
    const found = await checkSegment(signal === undefined ? of : { ...of, signal });
    report.entryCount += found.entryCount;
    if (hasContentTurn) report.checkedBytes += counted.get(segment)?.sizeBytes ?? 0;
    faults.push(...found.faults);
  }
  const damages: Damage[] = [];
  for (const fault of faults.slice(0, damagesMax)) damages.push(await describe(tables, fault));
  return { ...report, damages, indexFaults };
}

/** Spreads the sample evenly over old and new segments, and always includes the newest. */
function isSampled(index: number, count: number, share: number): boolean {
  const fromEnd = count - 1 - index;
  return (
    share > 0 && (fromEnd === 0 || Math.floor((fromEnd + 1) * share) > Math.floor(fromEnd * share))
  );
}

async function describe(tables: IndexTables, fault: Fault): Promise<Damage> {
  const { segment, offsetBytes, reason, chunkNumbers } = fault;
  const file = segmentName(segment);
  const damage = { file, segment, offsetBytes, reason, chunkCount: chunkNumbers.length };
  try {
    return { ...damage, ...(await touchedBy(tables, new Set(chunkNumbers))) };
  } catch (error) {
    // The report already names the row; what else the chunk touches is not known before the index is rebuilt.
    if (isIndexDamage(error)) return { ...damage, touched: [], isMore: true };
    throw error;
  }
}
