import { crc32 } from 'node:zlib';
import { segmentBytesMax } from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { chunkNameBytes } from './chunk-group.ts';
import { entryHeaderBytes } from './entry.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Plain payload of a footer entry: what a sealed segment holds, so that indexes are rebuilt without opening each
 * group (docs/formats/segment.md). Behind the footer entry stands a trailer of 16 bytes, the end of the file:
 *
 *   offset size field
 *        0    8 magic "SWSEALD\n"
 *        8    4 offset of the footer entry, bytes
 *       12    4 CRC-32 of bytes 0–11
 */
export interface FooterEntry {
  /** What the entry holds. */
  readonly type: 'group' | 'commit';
  /** Offset of the entry in the segment, bytes. */
  readonly offsetBytes: number;
  /** For groups: names (32 bytes) and lengths in blocks, in order; empty for commits. */
  readonly chunks: readonly { readonly name: Uint8Array; readonly blockCount: number }[];
}

/** Size of the trailer, bytes. */
export const trailerBytes = 16;

const trailerMagic = Buffer.from('SWSEALD\n', 'latin1');

/**
 * Encodes a footer.
 * @param entries - in order of offset
 */
export function encodeFooter(entries: readonly FooterEntry[]): Uint8Array {
  const writer = new ByteWriter(entries.length * 128).u32(entries.length);
  for (const entry of entries) {
    writer
      .u8(entry.type === 'group' ? 1 : 2)
      .u32(entry.offsetBytes)
      .u16(entry.chunks.length);
    for (const chunk of entry.chunks) writer.bytes(chunk.name).u16(chunk.blockCount);
  }
  return writer.finish();
}

/**
 * Decodes a footer.
 * @param plain - whole plain payload; names borrow from it
 * @throws FormatFault
 */
export function decodeFooter(plain: Uint8Array): FooterEntry[] {
  const reader = new ByteReader(plain);
  const count = reader.count(7);
  const entries: FooterEntry[] = [];
  for (let index = 0; index < count; index++) entries.push(readFooterEntry(reader));
  reader.end();
  return entries;
}

function readFooterEntry(reader: ByteReader): FooterEntry {
  const kind = reader.u8();
  if (kind !== 1 && kind !== 2) throw new FormatFault('newer kind of entry', reader.position - 1);
  const offsetBytes = reader.u32();
  const chunkCount = reader.u16();
  const chunks: { name: Uint8Array; blockCount: number }[] = [];
  for (let index = 0; index < chunkCount; index++) {
    chunks.push({ name: reader.bytes(chunkNameBytes), blockCount: reader.u16() });
  }
  return { type: kind === 1 ? 'group' : 'commit', offsetBytes, chunks };
}

/**
 * Encodes the trailer.
 * @param footerOffsetBytes - offset of the footer entry
 */
export function encodeTrailer(footerOffsetBytes: number): Uint8Array {
  const writer = new ByteWriter(trailerBytes).bytes(trailerMagic).u32(footerOffsetBytes);
  return writer.u32(crc32(writer.finish())).finish();
}

/**
 * Decodes the last bytes of a segment.
 * @param bytes - the last 16 bytes of the file
 * @returns offset of the footer entry, or undefined when the segment is not sealed (or its trailer is damaged)
 */
export function decodeTrailer(bytes: Uint8Array): number | undefined {
  const reader = new ByteReader(bytes.subarray(0, trailerBytes));
  if (bytes.length < trailerBytes || Buffer.compare(reader.bytes(8), trailerMagic) !== 0) return;
  const offsetBytes = reader.u32();
  if (reader.u32() !== crc32(bytes.subarray(0, 12))) return;
  return offsetBytes + entryHeaderBytes <= segmentBytesMax ? offsetBytes : undefined;
}
