import { type EntryType, openEntry } from '../format/entry.ts';
import { FormatFault } from '../format/format-fault.ts';
import { type ReadSource, readEntry } from './read-entry.ts';

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
    return { type: header.type, plain: plain as Uint8Array<ArrayBuffer>, spanBytes: bytes.length };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { fault: error.message, faultOffsetBytes: offsetBytes + error.offsetBytes };
  }
}
