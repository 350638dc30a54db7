import { createHash } from 'node:crypto';
import { type EntryType, entrySpanBytes, packPayload, sealEntry } from '../format/entry.ts';
import { type SegmentPlace, takeSpace } from './segment-place.ts';

/** One record (a commit or a footer) to be stored. */
export interface SealRecordJob {
  /** What the entry will hold. */
  readonly type: EntryType;
  /** The record, not compressed; borrowed. */
  readonly plain: Uint8Array;
  /** The segment it goes to. */
  readonly place: SegmentPlace;
  /** zstd level. */
  readonly level: number;
}

/** The entry, ready to be written. */
export interface SealRecordResult {
  /** Offset in the segment of its first byte, bytes. */
  readonly offsetBytes: number;
  /** The whole entry. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the plain record: the link to the next one of the chain. */
  readonly hash: Uint8Array;
}

/**
 * Compresses and encrypts one record.
 * @param job - the record and its segment
 */
export function sealRecord(job: SealRecordJob): SealRecordResult {
  const packed = packPayload(job.type, job.plain, job.level);
  const spanBytes = entrySpanBytes(packed.bytes.length);
  const offsetBytes = takeSpace(job.place, spanBytes);
  const bytes = Buffer.from(new ArrayBuffer(spanBytes));
  sealEntry(packed, { ...job.place, offsetBytes }, bytes);
  return { offsetBytes, bytes, hash: createHash('sha256').update(job.plain).digest() };
}
