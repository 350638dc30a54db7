import { crc32 } from 'node:zlib';
import { structureBytesMax } from '../limits.ts';

/** What the header of a GUID partition table says; its checksum fits. */
export interface GptHeader {
  /** Sector in which it says it lies. */
  readonly ownSector: number;
  /** Sector of the other copy. */
  readonly otherSector: number;
  /** First sector of the array of entries. */
  readonly entriesSector: number;
  /** Entries in the array. */
  readonly entryCount: number;
  /** Size of one entry, bytes: 128 or more. */
  readonly entryBytes: number;
  /** CRC-32 of the whole array. */
  readonly entriesChecksum: number;
}

/** Bytes of the header that are defined. */
const headerBytesMin = 92;

/**
 * Decodes and verifies one copy of the header.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 | "EFI PART" |
 * | 12 | 4 | size of the header |
 * | 16 | 4 | CRC-32 of the header, taken with this field zero |
 * | 24 | 8 | sector of this copy |
 * | 32 | 8 | sector of the other copy |
 * | 72 | 8 | first sector of the entries |
 * | 80 | 4 | number of entries |
 * | 84 | 4 | size of an entry |
 * | 88 | 4 | CRC-32 of the entries |
 * @param sector - the sector in which it should lie, 512 bytes or more
 * @returns the header, or in words what is wrong with it
 * @source UEFI specification 2.10, §5.3.2
 */
export function decodeGptHeader(sector: Buffer): GptHeader | string {
  if (sector.toString('latin1', 0, 8) !== 'EFI PART') return 'it is not there';
  const headerBytes = sector.readUInt32LE(12);
  if (headerBytes < headerBytesMin || headerBytes > sector.length) return 'its size is impossible';
  if (!hasRightChecksum(sector, headerBytes)) return 'its checksum does not fit';
  const numbers = [24, 32, 72].map((at) => Number(sector.readBigUInt64LE(at)));
  const [ownSector, otherSector, entriesSector] = numbers as [number, number, number];
  if (!numbers.every((number) => Number.isSafeInteger(number))) return 'it points beyond any disk';
  const entryCount = sector.readUInt32LE(80);
  const entryBytes = sector.readUInt32LE(84);
  if (entryBytes < 128 || entryBytes > 4096 || entryBytes % 8 !== 0) {
    return `its entries would be ${entryBytes} bytes each`;
  }
  if (entryCount * entryBytes > structureBytesMax) return `it would have ${entryCount} entries`;
  const entriesChecksum = sector.readUInt32LE(88);
  return { ownSector, otherSector, entriesSector, entryCount, entryBytes, entriesChecksum };
}

function hasRightChecksum(sector: Buffer, headerBytes: number): boolean {
  const copy = Buffer.from(sector.subarray(0, headerBytes));
  copy.writeUInt32LE(0, 16);
  return crc32(copy) === sector.readUInt32LE(16);
}
