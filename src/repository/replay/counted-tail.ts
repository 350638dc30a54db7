import { decodeGroupDirectory } from '../../format/chunk-group.ts';
import { type CommitRecord, decodeCommitRecord } from '../../format/commit-record.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { SegmentReaders } from '../segments/segment-readers.ts';
import type { WalkedEntry } from '../segments/segment-walk.ts';

/** The end of the log: entries of a segment that no later header speaks of. */
export interface LogTail {
  /** Number of the segment. */
  readonly segment: number;
  /** Up to here everything is indexed, bytes. */
  readonly startBytes: number;
  /** Entries that are not indexed yet, in order of offset. */
  readonly entries: readonly WalkedEntry[];
}

/** How much of a tail counts. */
export interface TailEnd {
  /** Up to here everything was certainly reported durable, bytes; damage before it is damage. */
  readonly provenBytes: number;
  /** End of the last commit that counts, bytes; 0 when there is none. What lies behind was never reported durable. */
  readonly endBytes: number;
}

/** Entries opened by one job while walking. */
export const entriesPerJob = 8;

/**
 * Finds the end of the log. A commit behind the last acknowledged mark counts when it can be read whole; the first one that
 * cannot is what a power loss cut short, and the log ends before it. Groups behind the last commit count for nothing.
 * @param readers - open the entries
 * @param tail - see LogTail
 * @param isStored - whether the index knows a chunk, by its name; where damage is known, any chunk may have been stored
 * @throws IO_FAILED
 */
export async function findTailEnd(
  readers: SegmentReaders,
  tail: LogTail,
  isStored: (name: Uint8Array) => boolean,
): Promise<TailEnd> {
  const provenBytes = await findProven(readers, tail);
  const names = new Set<string>();
  let endBytes = 0;
  let lastBytes = 0;
  walk: for (const part of parts(tail.entries)) {
    const opened = await openEntries(readers, tail.segment, part);
    for (const [position, entry] of part.entries()) {
      if (entry.type === 'group') {
        for (const { name } of entry.chunks ?? chunksIn(opened[position])) names.add(keyOf(name));
        continue;
      }
      const record = recordIn(opened[position]);
      const isWhole = record?.chunkNames.every((name) => names.has(keyOf(name)) || isStored(name));
      const isCut = isWhole !== true && entry.offsetBytes >= provenBytes;
      if (isCut || missedRecord(tail, record, lastBytes) >= provenBytes) break walk;
      lastBytes = entry.offsetBytes;
      endBytes = entry.offsetBytes + entry.spanBytes;
    }
  }
  return { provenBytes, endBytes };
}

/**
 * Finds a record that its successor names and that was not met: it is in what cannot be read.
 * @param run - the entries that were not indexed before
 * @param record - the successor
 * @param lastBytes - offset of the last record that was met, 0 for none
 * @returns its offset; -1 when none is missing
 */
export function missedRecord(
  run: { readonly startBytes: number },
  record: CommitRecord | undefined,
  lastBytes: number,
): number {
  const namedBytes = record?.previousRecordBytes ?? 0;
  return namedBytes >= run.startBytes && namedBytes > lastBytes ? namedBytes : -1;
}

/** Every record tells how much of its segment had been acknowledged when it was made. */
async function findProven(readers: SegmentReaders, tail: LogTail): Promise<number> {
  let provenBytes = 0;
  for (const part of parts(tail.entries.filter(({ type }) => type === 'commit'))) {
    for (const entry of await openEntries(readers, tail.segment, part)) {
      provenBytes = Math.max(provenBytes, recordIn(entry)?.acknowledgedBytes ?? 0);
    }
  }
  return provenBytes;
}

/**
 * Divides entries into what one job opens.
 * @param entries - in order
 */
export function* parts(entries: readonly WalkedEntry[]): Generator<WalkedEntry[]> {
  for (let index = 0; index < entries.length; index += entriesPerJob) {
    yield entries.slice(index, index + entriesPerJob);
  }
}

/**
 * Opens entries; groups whose chunks the footer tells need not be opened.
 * @param readers - open the entries
 * @param segment - number
 * @param part - the entries
 * @returns one result an entry, undefined for those that were not opened
 * @throws IO_FAILED
 */
export async function openEntries(
  readers: SegmentReaders,
  segment: number,
  part: readonly WalkedEntry[],
): Promise<(OpenedEntry | undefined)[]> {
  const wanted = part.filter(({ chunks, type }) => type === 'commit' || chunks === undefined);
  const offsets = wanted.map(({ offsetBytes }) => offsetBytes);
  const opened = offsets.length === 0 ? [] : await readers.open(segment, offsets, 'store');
  return part.map((entry) => opened[wanted.indexOf(entry)]);
}

/**
 * Lists a group's chunks. A group that does not open holds none; commits that need them will show what is missing.
 * @param opened - the entry
 * @throws what decoding throws beside faults of the format
 */
export function chunksIn(
  opened: OpenedEntry | undefined,
): readonly { readonly name: Uint8Array; readonly blockCount: number }[] {
  if (opened === undefined || 'fault' in opened || opened.type !== 'group') return [];
  try {
    return decodeGroupDirectory(opened.plain).chunks;
  } catch (error) {
    if (error instanceof FormatFault) return [];
    throw error;
  }
}

/**
 * Decodes a commit record.
 * @param opened - the entry
 * @returns undefined when it does not open, or is none
 * @throws what decoding throws beside faults of the format
 */
export function recordIn(opened: OpenedEntry | undefined): CommitRecord | undefined {
  if (opened === undefined || 'fault' in opened || opened.type !== 'commit') return undefined;
  try {
    return decodeCommitRecord(opened.plain);
  } catch (error) {
    if (error instanceof FormatFault) return undefined;
    throw error;
  }
}

/** A chunk's name as a key of a set. */
function keyOf(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.length).toString('latin1');
}
