import { readSync } from 'node:fs';
import {
  decodeEntryHeader,
  decompressionSlackBytes,
  type EntryType,
  entryHeaderBytes,
  openEntry,
} from '../format/entry.ts';
import { FormatFault } from '../format/format-fault.ts';

/** Where sealed bytes are read: a file descriptor of this process, or a function (only within one thread). */
export type ReadSource = number | ((target: Uint8Array, offsetBytes: number) => number);

/** Entries to be read and opened. */
export interface OpenJob {
  readonly source: ReadSource;
  /** Number of the segment. */
  readonly segment: number;
  /** 32 bytes. */
  readonly segmentKey: Uint8Array;
  /** Offsets of the entries in the segment, bytes. */
  readonly offsets: readonly number[];
}

/** One opened entry, or why it does not open. */
export type OpenedEntry =
  | {
      readonly type: EntryType;
      readonly plain: Uint8Array<ArrayBuffer>;
      readonly spanBytes: number;
    }
  | { readonly fault: string; readonly faultOffsetBytes: number };

/** Most entries are shorter than this, so one read fetches header and payload, bytes. */
const firstReadBytes = 64 * 1024;

let scratch = Buffer.allocUnsafeSlow(firstReadBytes);

/**
 * Reads entries, authenticates, decrypts and decompresses them.
 * @param job - which entries
 * @returns one result an entry, in order; damage is a result, since a reader may have use for the others
 * @throws the system's error when reading itself fails
 */
export function open(job: OpenJob): OpenedEntry[] {
  return job.offsets.map((offsetBytes) => openOne(job, offsetBytes));
}

function openOne(job: OpenJob, offsetBytes: number): OpenedEntry {
  try {
    const bytes = readEntry(job.source, offsetBytes);
    const { header, plain } = openEntry(bytes, { ...job, offsetBytes });
    return { type: header.type, plain: ownMemory(plain), spanBytes: bytes.length };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { fault: error.message, faultOffsetBytes: offsetBytes + error.offsetBytes };
  }
}

function readEntry(source: ReadSource, offsetBytes: number): Buffer {
  const got = readAt(source, scratch.subarray(0, firstReadBytes), offsetBytes);
  const header = decodeEntryHeader(scratch.subarray(0, got));
  const totalBytes = entryHeaderBytes + header.payloadBytes;
  if (totalBytes <= got) return scratch.subarray(0, totalBytes);
  if (scratch.length < totalBytes) {
    const larger = Buffer.allocUnsafeSlow(totalBytes);
    scratch.copy(larger, 0, 0, got);
    scratch = larger;
  }
  const rest = readAt(source, scratch.subarray(got, totalBytes), offsetBytes + got);
  return scratch.subarray(0, got + rest);
}

function readAt(source: ReadSource, target: Uint8Array, offsetBytes: number): number {
  let done = 0;
  while (done < target.length) {
    const part = target.subarray(done);
    const at = offsetBytes + done;
    const got =
      typeof source === 'number' ? readSync(source, part, 0, part.length, at) : source(part, at);
    if (got === 0) break;
    done += got;
  }
  return done;
}

/**
 * Tells whether memory belongs to one result alone, so that it can be handed to another thread with it.
 * @param part - a result
 * @param memory - what it lies in
 */
export function isTransferable(part: Uint8Array, memory: ArrayBuffer): boolean {
  const slackBytes = memory.byteLength - part.byteLength;
  return slackBytes <= decompressionSlackBytes && memory.byteLength !== Buffer.poolSize;
}

/** Small results lie in a pool that Node shares between buffers; only memory of its own can be handed to another thread. */
function ownMemory(plain: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = plain;
  const isOwn = buffer instanceof ArrayBuffer && isTransferable(plain, buffer);
  return isOwn ? (plain as Uint8Array<ArrayBuffer>) : new Uint8Array(plain);
}
