import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';
import { diskBytesMax } from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Head of an intent map, sector 0, 512 bytes, little-endian (docs/formats/intent-map.md):
 *
 *   offset size field
 *        0    8 magic "SWINTNT\n"
 *        8    2 format version, 1
 *       10    2 flags: bit 0 = stopped cleanly; the others are zero
 *       12    4 extent size, bytes: 4,194,304
 *       16    8 disk size, bytes
 *       24    8 size of the backing at the clean stop, bytes; 0 when not known
 *       32    8 time of the backing's last change at the clean stop, microseconds since 1970; 0 when not known
 *       40    8 time of the newest commit of this disk known to be stored, microseconds since 1970; 0 for none
 *       48  460 zero
 *      508    4 CRC-32 of bytes 0–507
 */
export interface IntentHeader {
  /** Whether everything on the disk is stored, so that nothing needs to be compared at the next start. */
  readonly isClean: boolean;
  /** Size of the disk, bytes. */
  readonly diskBytes: number;
  /** Size of the backing at the clean stop, bytes; 0 when not known. */
  readonly backingBytes: number;
  /** When the backing was last changed, seen at the clean stop, microseconds; 0 when not known. */
  readonly backingMicros: number;
  /** Time of the newest stored commit of this disk, microseconds; 0 for none. */
  readonly storedMicros: number;
}

/** An intent map as it was read: its head, one bit per extent, and which sectors could not be trusted. */
export interface IntentMap {
  /** The head. */
  readonly header: IntentHeader;
  /** Bit `e % 8` of byte `e / 8` is set: extent e must be compared. Bits of damaged sectors are all set. */
  readonly bits: Uint8Array<ArrayBuffer>;
  /** Numbers of the bitmap sectors, from 1, that were missing or failed their checksum. */
  readonly damagedSectors: readonly number[];
}

/** Span of a disk that one bit stands for, bytes. */
export const intentExtentBytes: number = 4 * 1024 * 1024;

/** Unit of writing, bytes: what a drive writes whole or not at all. */
export const intentSectorBytes = 512;

/** Bytes of bits in one bitmap sector. */
export const intentSectorBitBytes = 504;

/** Extents that one bitmap sector covers. */
export const intentSectorExtents: number = intentSectorBitBytes * 8;

const magic = Buffer.from('SWINTNT\n', 'latin1');
const formatVersion = 1;
const cleanFlag = 1;
const checksumOffset = intentSectorBytes - 4;

/**
 * Extents of a disk.
 * @param diskBytes - size of the disk, bytes
 */
export function intentExtentCount(diskBytes: number): number {
  return Math.ceil(diskBytes / intentExtentBytes);
}

/**
 * Bitmap sectors of a disk's map; the file holds one more, the head.
 * @param diskBytes - size of the disk, bytes
 */
export function intentSectorCount(diskBytes: number): number {
  return Math.ceil(intentExtentCount(diskBytes) / intentSectorExtents);
}

/**
 * Encodes the head.
 * @param header - its fields
 * @returns 512 bytes
 */
export function encodeIntentHeader(header: IntentHeader): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(intentSectorBytes);
  writer
    .bytes(magic)
    .u16(formatVersion)
    .u16(header.isClean ? cleanFlag : 0);
  writer.u32(intentExtentBytes).u64(header.diskBytes);
  writer.u64(header.backingBytes).u64(header.backingMicros).u64(header.storedMicros);
  writer.bytes(new Uint8Array(checksumOffset - writer.position));
  return writer.u32(crc32(writer.finish())).finish();
}

/**
 * Decodes the head.
 * @param bytes - at least 512 bytes
 * @throws FormatFault when it is not one, is damaged, or is newer than this code
 */
export function decodeIntentHeader(bytes: Uint8Array): IntentHeader {
  const reader = new ByteReader(bytes.subarray(0, intentSectorBytes));
  if (Buffer.compare(reader.bytes(8), magic) !== 0) {
    throw new FormatFault('this is not an intent map', 0);
  }
  const version = reader.u16();
  if (version > formatVersion) throw new FormatFault(`newer format ${version}`, 8);
  const flags = reader.u16();
  const extentBytes = reader.u32();
  const header = {
    isClean: (flags & cleanFlag) !== 0,
    diskBytes: reader.u64(),
    backingBytes: reader.u64(),
    backingMicros: reader.u64(),
    storedMicros: reader.u64(),
  };
  reader.bytes(checksumOffset - reader.position);
  if (reader.u32() !== crc32(bytes.subarray(0, checksumOffset))) {
    throw new FormatFault('the intent map header checksum does not match', checksumOffset);
  }
  if (version < 1) throw new FormatFault('the intent map has an impossible version', 8);
  if (extentBytes !== intentExtentBytes) throw new FormatFault('unknown extent size', 12);
  if (header.diskBytes > diskBytesMax) throw new FormatFault('the disk size is out of range', 16);
  return header;
}

/**
 * Encodes one bitmap sector: 504 bytes of bits, its own number (a sector in the wrong place is damage too), CRC-32.
 * @param bits - the whole map's bits
 * @param sector - which sector, from 1
 * @returns 512 bytes
 */
export function encodeIntentSector(bits: Uint8Array, sector: number): Uint8Array<ArrayBuffer> {
  assert(sector >= 1);
  const sectorBytes = new Uint8Array(intentSectorBytes);
  const start = (sector - 1) * intentSectorBitBytes;
  sectorBytes.set(bits.subarray(start, start + intentSectorBitBytes));
  const view = new DataView(sectorBytes.buffer);
  view.setUint32(intentSectorBitBytes, sector, true);
  view.setUint32(checksumOffset, crc32(sectorBytes.subarray(0, checksumOffset)), true);
  return sectorBytes;
}

/**
 * Decodes a whole map.
 * @param bytes - the file, borrowed; sectors that are missing at its end count as damaged
 * @param diskBytes - size of the disk that the map must be of, bytes; it decides how much memory is taken
 * @throws FormatFault when the head is damaged or of a disk of another size: the map then says nothing
 */
export function decodeIntentMap(bytes: Uint8Array, diskBytes: number): IntentMap {
  const header = decodeIntentHeader(bytes);
  if (header.diskBytes !== diskBytes) throw new FormatFault('it is of a disk of another size', 16);
  const sectorCount = intentSectorCount(diskBytes);
  const bits = new Uint8Array(sectorCount * intentSectorBitBytes);
  const damagedSectors: number[] = [];
  for (let sector = 1; sector <= sectorCount; sector++) {
    const start = sector * intentSectorBytes;
    const target = (sector - 1) * intentSectorBitBytes;
    const sectorBytes = bytes.subarray(start, start + intentSectorBytes);
    if (isSectorSound(sectorBytes, sector)) {
      bits.set(sectorBytes.subarray(0, intentSectorBitBytes), target);
    } else {
      damagedSectors.push(sector);
      bits.fill(0xff, target, target + intentSectorBitBytes);
    }
  }
  return { header, bits, damagedSectors };
}

function isSectorSound(sectorBytes: Uint8Array, sector: number): boolean {
  if (sectorBytes.length !== intentSectorBytes) return false;
  const view = new DataView(sectorBytes.buffer, sectorBytes.byteOffset, sectorBytes.byteLength);
  return (
    view.getUint32(intentSectorBitBytes, true) === sector &&
    view.getUint32(checksumOffset, true) === crc32(sectorBytes.subarray(0, checksumOffset))
  );
}
