import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Micros } from '../base/clock.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Head of a segment file, 128 bytes, little-endian (docs/formats/segment.md):
 *
 *   offset size field
 *        0    8 magic "SWSEGMT\n"
 *        8    2 format version, 1
 *       10    2 zero
 *       12    4 segment number, from 1
 *       16   16 repository id
 *       32   32 key salt, random: the segment's key is derived from it and the master key
 *       64    8 created, microseconds since 1970
 *       72    4 number of the segment before, 0 for the first
 *       76    4 acknowledged length of the segment before, bytes: what lies beyond was never acknowledged and is void
 *       80   32 HMAC-SHA-256 of bytes 0–79 under the segment's key
 *      112   12 zero
 *      124    4 CRC-32 of bytes 0–123
 */
export interface SegmentHeader {
  /** Number of the segment, from 1. */
  readonly segment: number;
  /** 16 bytes. */
  readonly repositoryId: Uint8Array;
  /** 32 bytes. */
  readonly keySalt: Uint8Array;
  /** When the segment was begun. */
  readonly createdMicros: Micros;
  /** Number of the segment before, 0 for the first. */
  readonly previousSegment: number;
  /** How much of the segment before counts, bytes. */
  readonly previousLengthBytes: number;
}

/** Size of the header, bytes; the first entry starts there. */
export const segmentHeaderBytes = 128;

/** Newest format version this code reads and the one it writes. */
export const segmentFormatVersion = 1;

const magic = Buffer.from('SWSEGMT\n', 'latin1');
const authenticatedBytes = 80;

/**
 * Encodes a header.
 * @param header - its fields
 * @param segmentKey - 32 bytes, derived from the header's own salt
 * @returns 128 bytes
 */
export function encodeSegmentHeader(header: SegmentHeader, segmentKey: Uint8Array): Uint8Array {
  const writer = new ByteWriter(segmentHeaderBytes);
  writer.bytes(magic).u16(segmentFormatVersion).u16(0).u32(header.segment);
  writer.bytes(header.repositoryId).bytes(header.keySalt).u64(header.createdMicros);
  writer.u32(header.previousSegment).u32(header.previousLengthBytes);
  writer.bytes(authenticate(writer.finish(), segmentKey)).bytes(new Uint8Array(12));
  return writer.u32(crc32(writer.finish())).finish();
}

/**
 * Decodes a header; its authenticity is checked apart, since the key depends on the salt in it.
 * @param bytes - at least 128 bytes
 * @throws FormatFault when it is not a header, or a newer one (its reason then starts with "newer")
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  const reader = new ByteReader(bytes.subarray(0, segmentHeaderBytes));
  if (Buffer.compare(reader.bytes(8), magic) !== 0) {
    throw new FormatFault('this is not a segment', 0);
  }
  const version = reader.u16();
  reader.u16();
  const segment = reader.u32();
  const repositoryId = Uint8Array.from(reader.bytes(16));
  const keySalt = Uint8Array.from(reader.bytes(32));
  const createdMicros = reader.u64();
  const previousSegment = reader.u32();
  const previousLengthBytes = reader.u32();
  reader.bytes(44);
  if (reader.u32() !== crc32(bytes.subarray(0, segmentHeaderBytes - 4))) {
    throw new FormatFault('the segment header checksum does not match', 124);
  }
  // Only now: a flipped bit in the version is damage, and must not lock anybody out. Newer formats keep this checksum.
  if (version > segmentFormatVersion) throw new FormatFault(`newer format ${version}`, 8);
  if (version < 1) throw new FormatFault('the segment header has an impossible version', 8);
  return { segment, repositoryId, keySalt, createdMicros, previousSegment, previousLengthBytes };
}

/**
 * Tells whether a header was written with the repository's key.
 * @param bytes - the 128 bytes of the header
 * @param segmentKey - key derived from the header's salt
 */
export function isSegmentHeaderAuthentic(bytes: Uint8Array, segmentKey: Uint8Array): boolean {
  const expected = authenticate(bytes.subarray(0, authenticatedBytes), segmentKey);
  return timingSafeEqual(expected, bytes.subarray(authenticatedBytes, authenticatedBytes + 32));
}

function authenticate(bytes: Uint8Array, segmentKey: Uint8Array): Uint8Array {
  return createHmac('sha256', segmentKey).update(bytes).digest();
}
