import { isSecondwindError } from '../../base/errors.ts';
import type { Storage } from '../../storage/storage.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { CheckOptions, CheckReport, Damage } from '../repository.ts';
import { segmentFolder, segmentName, segmentNumber } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { type WalkedSegment, walkSegment } from '../segments/segment-walk.ts';
import { chunksByGroup, type GroupChunks } from './chunks-by-group.ts';
import { touchedBy } from './touched-by.ts';

/** What a check needs. */
export interface CheckTask extends CheckOptions {
  readonly storage: Storage;
  readonly readers: SegmentReaders;
  readonly tables: IndexTables;
}

/** A fault found in a segment, before it is known what it touches. */
interface Fault {
  readonly segment: number;
  readonly offsetBytes: number;
  readonly reason: string;
  /** Chunks that cannot be read because of it. */
  readonly chunkNumbers: readonly number[];
}

const entriesPerJob = 16;
/** Damages reported one by one; a store with more is lost as a whole. */
const damagesMax = 1000;

/**
 * Reads the store and compares it with the index. Structure: every segment that the index needs is there, its header
 * and its list of entries can be read, and every chunk lies in a group that the segment lists. Content, for a share of
 * the segments: every entry is read, authenticated and decompressed.
 * @param task - see CheckTask
 * @throws IO_FAILED, INTERRUPTED
 */
export async function checkRepository(task: CheckTask): Promise<CheckReport> {
  const objects = await task.storage.list(segmentFolder);
  const present = new Map(
    objects.flatMap(({ name, sizeBytes }) => {
      const segment = segmentNumber(name);
      return segment === undefined ? [] : [[segment, sizeBytes] as const];
    }),
  );
  const needed = chunksByGroup(task.tables);
  const segments = [...new Set([...present.keys(), ...needed.segments()])].sort((a, b) => a - b);
  const report = { segmentCount: segments.length, entryCount: 0, checkedBytes: 0 };
  const faults: Fault[] = [];
  for (const [index, segment] of segments.entries()) {
    task.signal?.throwIfAborted();
    task.progress?.({
      phase: 'Checking segments',
      done: index,
      total: segments.length,
      unit: 'segments',
    });
    const hasContentTurn = isSampled(index, segments.length, task.contentShare);
    const found = await checkSegment(task, segment, needed, hasContentTurn);
    report.entryCount += found.entryCount;
    if (hasContentTurn) report.checkedBytes += present.get(segment) ?? 0;
    faults.push(...found.faults);
  }
  const damages = await Promise.all(
    faults.slice(0, damagesMax).map((fault) => describe(task, fault)),
  );
  return { ...report, damages, indexFaults: needed.faults };
}

/** Spreads the sample evenly over old and new segments, and always includes the newest. */
function isSampled(index: number, count: number, share: number): boolean {
  const fromEnd = count - 1 - index;
  return (
    share > 0 && (fromEnd === 0 || Math.floor((fromEnd + 1) * share) > Math.floor(fromEnd * share))
  );
}

async function checkSegment(
  task: CheckTask,
  segment: number,
  needed: GroupChunks,
  hasContentTurn: boolean,
): Promise<{ entryCount: number; faults: Fault[] }> {
  let walked: WalkedSegment;
  try {
    walked = await walkSegment(task.readers, segment);
  } catch (error) {
    if (!isSecondwindError(error, 'DAMAGED')) throw error;
    const { offset, reason } = error.data;
    const chunkNumbers = needed.inSegment(segment);
    const fault = {
      segment,
      offsetBytes: Number(offset ?? 0),
      reason: String(reason),
      chunkNumbers,
    };
    return { entryCount: 0, faults: chunkNumbers.length > 0 || segment !== 0 ? [fault] : [] };
  }
  const faults = missingGroups(segment, walked, needed);
  if (hasContentTurn) faults.push(...(await openAll(task, segment, walked, needed)));
  return { entryCount: walked.entries.length, faults };
}

function missingGroups(segment: number, walked: WalkedSegment, needed: GroupChunks): Fault[] {
  const listed = new Set(walked.entries.map(({ offsetBytes }) => offsetBytes));
  return needed
    .groupsIn(segment)
    .filter((offsetBytes) => !listed.has(offsetBytes))
    .map((offsetBytes) => ({
      segment,
      offsetBytes,
      reason: 'a group of chunks is missing here',
      chunkNumbers: needed.at(segment, offsetBytes),
    }));
}

async function openAll(
  task: CheckTask,
  segment: number,
  walked: WalkedSegment,
  needed: GroupChunks,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (let index = 0; index < walked.entries.length; index += entriesPerJob) {
    task.signal?.throwIfAborted();
    const part = walked.entries.slice(index, index + entriesPerJob);
    const offsets = part.map(({ offsetBytes }) => offsetBytes);
    const opened = await task.readers.open(segment, offsets, 'store');
    for (const [position, { offsetBytes }] of part.entries()) {
      const entry = opened[position];
      if (entry === undefined || !('fault' in entry)) continue;
      const chunkNumbers = needed.at(segment, offsetBytes);
      faults.push({
        segment,
        offsetBytes: entry.faultOffsetBytes,
        reason: entry.fault,
        chunkNumbers,
      });
    }
  }
  return faults;
}

async function describe(task: CheckTask, fault: Fault): Promise<Damage> {
  const { segment, offsetBytes, reason, chunkNumbers } = fault;
  const { touched, isMore } = await touchedBy(task.tables, new Set(chunkNumbers));
  const file = segmentName(segment);
  return { file, segment, offsetBytes, reason, chunkCount: chunkNumbers.length, touched, isMore };
}
