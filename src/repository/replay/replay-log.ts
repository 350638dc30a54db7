import { isSecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { decodeGroupDirectory } from '../../format/chunk-group.ts';
import { decodeCommitRecord } from '../../format/commit-record.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { Storage } from '../../storage/storage.ts';
import { stagedRowsTarget } from '../index-tables/index-limits.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';
import type { ProgressSink } from '../repository.ts';
import { wholeSegment } from '../segments/segment-file.ts';
import { segmentFolder, segmentNumber } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { type WalkedEntry, type WalkedSegment, walkSegment } from '../segments/segment-walk.ts';
import { type ReplayState, replayRecord } from './replay-record.ts';

/** What replaying needs. */
export interface ReplayOptions {
  readonly storage: Storage;
  readonly readers: SegmentReaders;
  readonly writer: IndexWriter;
  readonly log: Logger;
  readonly progress?: ProgressSink;
  readonly signal?: AbortSignal;
}

/** Where the log ends. */
export interface LogEnd {
  /** Newest segment, 0 when there is none. */
  readonly newestSegment: number;
  /** How much of it counts, bytes, or wholeSegment. */
  readonly newestLengthBytes: number;
  readonly segmentCount: number;
}

/** Entries opened by one job while walking. */
const entriesPerJob = 8;

/**
 * Brings the index up to the end of the log, from where it has got to. Idempotent: what is indexed already is passed over.
 * @param options - see ReplayOptions
 * @returns where the log ends
 * @throws IO_FAILED, NO_SPACE; INTERRUPTED by the signal
 */
export async function replayLog(options: ReplayOptions): Promise<LogEnd> {
  const { storage, writer } = options;
  const objects = await storage.list(segmentFolder);
  const all = objects.flatMap(({ name }) => segmentNumber(name) ?? []).sort((a, b) => a - b);
  const from = writer.reach.segment;
  const numbers = all.filter((segment) => segment >= from);
  const lengths = await countedLengths(options.readers, numbers);
  const state: ReplayState = { brokenMachines: new Set(), log: options.log };
  let end = { segment: Math.max(from, 0), lengthBytes: wholeSegment };
  for (const [index, segment] of numbers.entries()) {
    options.signal?.throwIfAborted();
    options.progress?.({
      phase: 'Reading segments',
      done: index,
      total: numbers.length,
      unit: 'segments',
    });
    const isNewest = index === numbers.length - 1;
    const lengthBytes = await replaySegment(options, state, {
      segment,
      lengthBytes: lengths.get(segment) ?? wholeSegment,
      isNewest,
    });
    end = { segment, lengthBytes };
    if (writer.stagedRows > stagedRowsTarget) await writer.flush();
  }
  await writer.flush();
  const { segment, lengthBytes } = end;
  return { newestSegment: segment, newestLengthBytes: lengthBytes, segmentCount: all.length };
}

/** How much of each segment counts, as the header of the segment after it says. */
async function countedLengths(
  readers: SegmentReaders,
  numbers: readonly number[],
): Promise<Map<number, number>> {
  const lengths = new Map<number, number>();
  for (const segment of numbers) {
    try {
      await readers.use(segment, ({ header }) => {
        lengths.set(header.previousSegment, header.previousLengthBytes);
        return Promise.resolve();
      });
    } catch (error) {
      // A segment without a readable header says nothing about the one before; check names it.
      if (!isSecondwindError(error, 'DAMAGED')) throw error;
    }
  }
  return lengths;
}

interface SegmentTask {
  readonly segment: number;
  /** How much counts, or wholeSegment. */
  readonly lengthBytes: number;
  readonly isNewest: boolean;
}

/** @returns how much of the segment counts, for the header of the next one */
async function replaySegment(
  options: ReplayOptions,
  state: ReplayState,
  task: SegmentTask,
): Promise<number> {
  const { readers, writer } = options;
  const { segment } = task;
  let walked: WalkedSegment;
  try {
    walked = await walkSegment(readers, segment);
  } catch (error) {
    if (!isSecondwindError(error, 'DAMAGED')) throw error;
    options.log.error('A segment cannot be read; the points it touches are lost', {
      segment,
      error,
    });
    return wholeSegment;
  }
  const startBytes = segment === writer.reach.segment ? writer.reach.offsetBytes : 0;
  const entries = walked.entries.filter(
    ({ offsetBytes }) => offsetBytes >= startBytes && offsetBytes < task.lengthBytes,
  );
  const isTail = task.isNewest && !walked.isSealed && task.lengthBytes === wholeSegment;
  const endBytes = await replayEntries(options, state, { segment, entries, isTail });
  const reachBytes = Math.max(endBytes, startBytes);
  if (segment > writer.reach.segment || reachBytes > writer.reach.offsetBytes) {
    writer.advance({ segment, offsetBytes: reachBytes });
  }
  return isTail ? reachBytes : task.lengthBytes;
}

interface EntryRun {
  readonly segment: number;
  readonly entries: readonly WalkedEntry[];
  /** The end of the log: what a power loss cut short is no damage. */
  readonly isTail: boolean;
}

/** @returns end of the last entry that counts, bytes */
async function replayEntries(
  options: ReplayOptions,
  state: ReplayState,
  run: EntryRun,
): Promise<number> {
  const { readers, writer, log } = options;
  const proven = run.isTail ? await provenBytes(readers, run) : wholeSegment;
  let endBytes = 0;
  for (let index = 0; index < run.entries.length; index += entriesPerJob) {
    const part = run.entries.slice(index, index + entriesPerJob);
    const opened = await openEntries(readers, run.segment, part);
    for (const [position, entry] of part.entries()) {
      const end = entry.offsetBytes + entry.spanBytes;
      const content = opened[position];
      if (entry.type === 'group') addGroup(writer, run.segment, entry, content);
      else {
        const place = { segment: run.segment, offsetBytes: entry.offsetBytes };
        const isProven = entry.offsetBytes < proven;
        if (!replayRecord(writer, state, { place, content, isProven })) {
          log.warn('The log ends with a commit that was never acknowledged; it is left out', place);
          return endBytes;
        }
        endBytes = end;
      }
    }
    if (writer.stagedRows > stagedRowsTarget) await writer.flush();
  }
  return endBytes;
}

/** The last mark in the tail up to which everything was reported durable. */
async function provenBytes(readers: SegmentReaders, run: EntryRun): Promise<number> {
  const commits = run.entries.filter(({ type }) => type === 'commit');
  let proven = 0;
  for (let index = 0; index < commits.length; index += entriesPerJob) {
    const part = commits.slice(index, index + entriesPerJob);
    const offsets = part.map(({ offsetBytes }) => offsetBytes);
    for (const entry of await readers.open(run.segment, offsets, 'store')) {
      proven = Math.max(proven, acknowledgedIn(entry));
    }
  }
  return proven;
}

function acknowledgedIn(entry: OpenedEntry): number {
  if ('fault' in entry) return 0;
  try {
    return decodeCommitRecord(entry.plain).acknowledgedBytes;
  } catch (error) {
    if (error instanceof FormatFault) return 0;
    throw error;
  }
}

/** Groups whose chunks the footer tells need not be opened. */
async function openEntries(
  readers: SegmentReaders,
  segment: number,
  part: readonly WalkedEntry[],
): Promise<(OpenedEntry | undefined)[]> {
  const wanted = part.filter(({ chunks, type }) => type === 'commit' || chunks === undefined);
  const offsets = wanted.map(({ offsetBytes }) => offsetBytes);
  const opened = offsets.length === 0 ? [] : await readers.open(segment, offsets, 'store');
  return part.map((entry) => opened[wanted.indexOf(entry)]);
}

function addGroup(
  writer: IndexWriter,
  segment: number,
  entry: WalkedEntry,
  opened: OpenedEntry | undefined,
): void {
  let startBlock = 0;
  for (const { name, blockCount } of entry.chunks ?? chunksIn(opened)) {
    const place = { segment, entryOffsetBytes: entry.offsetBytes, startBlock, blockCount };
    writer.addChunk(name, place);
    startBlock += blockCount;
  }
}

/**
 * A group that does not open holds no chunks; commits that need them will show what is missing.
 * @throws what decoding throws beside faults of the format
 */
function chunksIn(
  opened: OpenedEntry | undefined,
): readonly { readonly name: Uint8Array; readonly blockCount: number }[] {
  if (opened === undefined || 'fault' in opened) return [];
  try {
    return decodeGroupDirectory(opened.plain).chunks;
  } catch (error) {
    if (error instanceof FormatFault) return [];
    throw error;
  }
}
