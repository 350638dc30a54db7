import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { type CountedSegment, isCounted } from '../segments/counted-segments.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { type WalkedEntry, type WalkedSegment, walkSegment } from '../segments/segment-walk.ts';
import type { ExpectedEntries } from './expected-entries.ts';

/** A fault found in a segment, before it is known what it touches. */
export interface Fault {
  /** Number of the segment. */
  readonly segment: number;
  readonly offsetBytes: number;
  /** What is wrong, as a clause. */
  readonly reason: string;
  /** Chunks that cannot be read because of it. */
  readonly chunkNumbers: readonly number[];
}

/** What checking a segment needs. */
export interface SegmentTask {
  readonly readers: SegmentReaders;
  readonly expected: ExpectedEntries;
  /** The segment as the store has it; undefined when it is missing. */
  readonly counted: CountedSegment | undefined;
  /** Number of the segment. */
  readonly segment: number;
  /** Whether its content is read, and not only its structure. */
  readonly hasContentTurn: boolean;
  readonly signal?: AbortSignal;
}

const entriesPerJob = 16;

/**
 * Checks one segment: its header and its list of entries can be read, and what the index expects is listed. With content:
 * every entry is read, authenticated and decompressed. What was never acknowledged may be torn, and is no fault.
 * @param task - see SegmentTask
 * @returns how many entries count, and what is wrong
 * @throws IO_FAILED; the signal's reason
 */
export async function checkSegment(
  task: SegmentTask,
): Promise<{ readonly entryCount: number; readonly faults: readonly Fault[] }> {
  const { segment, expected, counted } = task;
  const offsets = expected.offsetsIn(segment);
  const isNeeded = offsets.groups.size > 0 || offsets.records.size > 0;
  if (segment === 0) return { entryCount: 0, faults: lostChunks(expected) };
  const isVoid = counted?.fault === undefined && counted?.lengthBytes === 0;
  if (isVoid && !isNeeded) return { entryCount: 0, faults: [] };
  const walked = await walk(task);
  if (walked instanceof SecondwindError) {
    const { offset, reason } = walked.data;
    const chunkNumbers = expected.chunksIn(segment);
    const fault = { segment, offsetBytes: Number(offset ?? 0), reason: String(reason) };
    return { entryCount: 0, faults: [{ ...fault, chunkNumbers }] };
  }
  const entries = walked.entries.filter(
    ({ offsetBytes }) => counted === undefined || isCounted(counted, offsetBytes),
  );
  const faults = [...structureFaults(task, walked), ...missing(task, offsets, entries)];
  if (task.hasContentTurn) {
    const isWanted = ({ offsetBytes }: WalkedEntry): boolean =>
      walked.isSealed || offsets.groups.has(offsetBytes) || offsets.records.has(offsetBytes);
    const isAnythingLost = expected.chunksIn(0).length > 0;
    const wanted = isAnythingLost ? entries : entries.filter(isWanted);
    faults.push(...(await openAll(task, wanted)));
  }
  return { entryCount: entries.length, faults };
}

/** Chunks that commits name and that no segment holds any more. */
function lostChunks(expected: ExpectedEntries): Fault[] {
  const chunkNumbers = expected.chunksIn(0);
  const reason =
    'the group that held these chunks cannot be read, and it is not known which it was';
  return [{ segment: 0, offsetBytes: 0, reason, chunkNumbers }];
}

/** @returns the error when the segment cannot be read at all */
async function walk(task: SegmentTask): Promise<WalkedSegment | SecondwindError> {
  try {
    return await walkSegment(task.readers, task.segment);
  } catch (error) {
    if (isSecondwindError(error, 'DAMAGED')) return error;
    throw error;
  }
}

/** What is damaged and was there twice: nothing is lost yet. */
function structureFaults({ segment }: SegmentTask, walked: WalkedSegment): Fault[] {
  return walked.spareFaults.map((fault) => ({ segment, chunkNumbers: [], ...fault }));
}

function missing(
  { segment, expected }: SegmentTask,
  offsets: ReturnType<ExpectedEntries['offsetsIn']>,
  entries: readonly WalkedEntry[],
): Fault[] {
  const listed = new Set(entries.map(({ offsetBytes }) => offsetBytes));
  const groups = [...offsets.groups].filter((offsetBytes) => !listed.has(offsetBytes));
  const records = [...offsets.records].filter((offsetBytes) => !listed.has(offsetBytes));
  return [
    ...groups.map((offsetBytes) => ({
      segment,
      offsetBytes,
      reason: 'a group of chunks is missing here',
      chunkNumbers: expected.chunksAt(segment, offsetBytes),
    })),
    ...records.map((offsetBytes) => ({
      segment,
      offsetBytes,
      reason: 'a commit record is missing here',
      chunkNumbers: [],
    })),
  ];
}

async function openAll(task: SegmentTask, entries: readonly WalkedEntry[]): Promise<Fault[]> {
  const { segment, expected } = task;
  const faults: Fault[] = [];
  for (let index = 0; index < entries.length; index += entriesPerJob) {
    task.signal?.throwIfAborted();
    const part = entries.slice(index, index + entriesPerJob);
    const offsets = part.map(({ offsetBytes }) => offsetBytes);
    const opened = await task.readers.open(segment, offsets, 'store');
    for (const [position, { offsetBytes, type }] of part.entries()) {
      const entry = opened[position];
      if (entry === undefined || (!('fault' in entry) && entry.type === type)) continue;
      const found =
        'fault' in entry
          ? { offsetBytes: entry.faultOffsetBytes, reason: entry.fault }
          : { offsetBytes, reason: `the entry is no ${type}` };
      faults.push({ segment, ...found, chunkNumbers: expected.chunksAt(segment, offsetBytes) });
    }
  }
  return faults;
}
