import { isSecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { segmentHeaderBytes } from '../../format/segment-header.ts';
import type { Storage } from '../../storage/storage.ts';
import { stagedRowsTarget } from '../index-tables/index-limits.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';
import type { ProgressSink } from '../repository.ts';
import {
  type CountedSegment,
  countSegments,
  isCounted,
  listSegments,
  type SegmentObject,
} from '../segments/counted-segments.ts';
import { wholeSegment } from '../segments/segment-file.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import { type WalkedEntry, type WalkedSegment, walkSegment } from '../segments/segment-walk.ts';
import {
  chunksIn,
  findTailEnd,
  missedRecord,
  openEntries,
  parts,
  recordIn,
} from './counted-tail.ts';
import { LossWatch } from './loss-watch.ts';
import { replayRecord } from './replay-record.ts';

/** What replaying needs. */
export interface ReplayOptions {
  readonly storage: Storage;
  readonly readers: SegmentReaders;
  readonly tables: IndexTables;
  readonly writer: IndexWriter;
  /** The index was closed in order: nothing of the segment that it ends in is missing. */
  readonly isIndexExact: boolean;
  readonly log: Logger;
  readonly progress?: ProgressSink;
  readonly signal?: AbortSignal;
}

/** Where the log ends. */
export interface LogEnd {
  /** Highest number of a segment, 0 when there is none. */
  readonly newestSegment: number;
  /** Newest segment that anything counts of, 0 when there is none. */
  readonly previousSegment: number;
  /** How much of that one counts, bytes, or wholeSegment. */
  readonly previousLengthBytes: number;
  readonly segmentCount: number;
}

/**
 * Brings the index up to the end of the log, from where it has got to. Idempotent: what is indexed already is passed over.
 * What no earlier run is known to have made durable is made so before the index speaks of it.
 * @param options - see ReplayOptions
 * @returns where the log ends
 * @throws IO_FAILED, NO_SPACE; INTERRUPTED by the signal
 */
export async function replayLog(options: ReplayOptions): Promise<LogEnd> {
  const { writer } = options;
  const all = await listSegments(options.storage);
  const from = writer.reach.segment;
  await hardenNewest(options.storage, all.at(-1));
  const segments = await countSegments(
    options.readers,
    all.filter(({ segment }) => segment >= from),
    Math.max(from, 1),
  );
  const watch = new LossWatch(options.tables, writer, options.log);
  let previous = { segment: from, lengthBytes: wholeSegment };
  for (const [index, segment] of segments.entries()) {
    options.signal?.throwIfAborted();
    options.progress?.({
      phase: 'Reading segments',
      done: index,
      total: segments.length,
      unit: 'segments',
    });
    const lengthBytes = await replaySegment(options, watch, segment);
    if (lengthBytes > 0) previous = { segment: segment.segment, lengthBytes };
    if (writer.stagedRows > stagedRowsTarget) await writer.flush();
  }
  watch.finish();
  await writer.flush();
  return {
    newestSegment: all.at(-1)?.segment ?? 0,
    previousSegment: previous.segment,
    previousLengthBytes: previous.lengthBytes,
    segmentCount: all.length,
  };
}

/**
 * A header says how much of the segment before it counts. The newest may stand alone in a file whose process was killed
 * before it was synced: were the index to believe it, and the power then take the file, chunks that no longer count would
 * go on being found. A header that has anything behind it was made durable first.
 */
async function hardenNewest(storage: Storage, newest: SegmentObject | undefined): Promise<void> {
  if (newest === undefined || newest.sizeBytes > segmentHeaderBytes) return;
  await storage.harden(segmentName(newest.segment), 0);
}

/** @returns how much of the segment counts, for the header of the next one */
async function replaySegment(
  options: ReplayOptions,
  watch: LossWatch,
  counted: CountedSegment,
): Promise<number> {
  const { writer } = options;
  const { segment, lengthBytes } = counted;
  if (lengthBytes === 0) return 0;
  const isIndexed = segment === writer.reach.segment;
  const walked = await walk(options, counted);
  if (walked === undefined) {
    if (!isIndexed || !options.isIndexExact) watch.suspectAll();
    return lengthBytes ?? wholeSegment;
  }
  const startBytes = isIndexed ? writer.reach.offsetBytes : 0;
  const entries = walked.entries.filter(
    ({ offsetBytes }) => offsetBytes >= startBytes && isCounted(counted, offsetBytes),
  );
  if (lengthBytes === undefined && !walked.isSealed) {
    return Math.max(startBytes, await replayTail(options, watch, { segment, startBytes, entries }));
  }
  const run = { segment, startBytes, entries };
  const endBytes = await replayEntries(options, watch, run);
  if (!walked.isSealed && lengthBytes !== undefined) {
    if (lengthBytes < wholeSegment && endOfUnbroken(run) < lengthBytes) watch.suspectAll();
  }
  advance(writer, segment, endBytes);
  return lengthBytes ?? walked.endBytes;
}

/** @returns undefined when the segment cannot be read */
async function walk(
  { readers, log }: ReplayOptions,
  { segment }: CountedSegment,
): Promise<WalkedSegment | undefined> {
  try {
    return await walkSegment(readers, segment);
  } catch (error) {
    if (!isSecondwindError(error, 'DAMAGED')) throw error;
    log.error('A segment cannot be read; the points it touches are lost', { segment, error });
    return undefined;
  }
}

interface EntryRun {
  readonly segment: number;
  /** Up to here everything is indexed, bytes. */
  readonly startBytes: number;
  readonly entries: readonly WalkedEntry[];
}

/** @returns end of the last commit that counts, bytes; 0 when there is none */
async function replayTail(
  options: ReplayOptions,
  watch: LossWatch,
  tail: EntryRun,
): Promise<number> {
  const { readers, writer, storage, log } = options;
  const { segment, startBytes, entries } = tail;
  const isStored = (name: Uint8Array): boolean =>
    watch.isDamaged || writer.findChunk(name) !== undefined;
  const { endBytes, provenBytes } = await findTailEnd(readers, tail, isStored);
  const counted = entries.filter(({ offsetBytes }) => offsetBytes < endBytes);
  if (counted.length < entries.length) {
    log.warn('What was never acknowledged at the end of the log is left out', {
      segment,
      offsetBytes: endBytes,
    });
  }
  if (counted.length === 0) return 0;
  await storage.harden(segmentName(segment), provenBytes);
  await replayEntries(options, watch, { segment, startBytes, entries: counted });
  advance(writer, segment, endBytes);
  return endBytes;
}

/** @returns offset of the last commit, or its end where that is known, bytes; 0 when there is none */
async function replayEntries(
  options: ReplayOptions,
  watch: LossWatch,
  run: EntryRun,
): Promise<number> {
  const { readers, writer } = options;
  const { segment } = run;
  let endBytes = 0;
  let lastBytes = 0;
  for (const part of parts(run.entries)) {
    const opened = await openEntries(readers, segment, part);
    for (const [position, entry] of part.entries()) {
      const content = opened[position];
      const { offsetBytes } = entry;
      if (entry.type === 'commit') {
        if (missedRecord(run, recordIn(content), lastBytes) >= 0) watch.suspectAll();
        lastBytes = offsetBytes;
        replayRecord(writer, watch, options.log, { place: { segment, offsetBytes }, content });
        endBytes = offsetBytes + entry.spanBytes;
        continue;
      }
      if (content !== undefined && 'fault' in content) watch.isDamaged = true;
      let startBlock = 0;
      for (const { name, blockCount } of entry.chunks ?? chunksIn(content)) {
        writer.addChunk(name, { segment, entryOffsetBytes: offsetBytes, startBlock, blockCount });
        startBlock += blockCount;
      }
    }
    if (writer.stagedRows > stagedRowsTarget) await writer.flush();
  }
  return endBytes;
}

/**
 * Where entries end that follow each other without a gap behind the last record. Records before it are named by their
 * successors; in a gap behind it, one may have been.
 */
function endOfUnbroken({ startBytes, entries }: EntryRun): number {
  const lastRecord = entries.findLastIndex(({ type }) => type === 'commit');
  let at = entries[lastRecord]?.offsetBytes ?? Math.max(startBytes, segmentHeaderBytes);
  for (const { offsetBytes, spanBytes } of entries.slice(Math.max(lastRecord, 0))) {
    if (offsetBytes !== at) break;
    at += spanBytes;
  }
  return at;
}

function advance(writer: IndexWriter, segment: number, offsetBytes: number): void {
  const { reach } = writer;
  const isFarther =
    segment > reach.segment || (segment === reach.segment && offsetBytes > reach.offsetBytes);
  if (isFarther) writer.advance({ segment, offsetBytes });
}
