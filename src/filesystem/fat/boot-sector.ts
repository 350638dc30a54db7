import { u16le, u32le } from '../integers.ts';

/** Layout of a FAT volume, checked against itself. */
export interface FatGeometry {
  /** Width of an entry of the table. */
  readonly entryBits: 12 | 16 | 32;
  /** Size of a cluster, bytes. */
  readonly clusterBytes: number;
  /** Clusters there are. */
  readonly clusterCount: number;
  /** Where the first copy of the table lies, bytes. */
  readonly tableBytesStart: number;
  /** Length of one copy of the table, bytes. */
  readonly tableLengthBytes: number;
  /** Copies of the table. */
  readonly tableCount: number;
  /** Copy in force. */
  readonly activeTable: number;
  /** Whether every copy should be the same. */
  readonly isMirrored: boolean;
  /** Where the root directory of FAT12 and FAT16 lies, bytes; its end is where the clusters begin. */
  readonly rootStartBytes: number;
  /** Where the clusters begin, bytes. */
  readonly dataStartBytes: number;
  /** First cluster of the root directory of FAT32; 0 for the others. */
  readonly rootCluster: number;
  /** Size of the whole, bytes. */
  readonly sizeBytes: number;
  /** Where the sector of free counts lies, bytes; 0 for none. */
  readonly infoBytesStart: number;
  /** Serial number. */
  readonly serial: number;
  /** Label in the boot sector, padded; the root directory's counts before it. */
  readonly label: string;
  /** Whether it was in use when it was last written. */
  readonly isDirty: boolean;
}

/** Bytes of the boot sector that are looked at. */
export const bootSectorBytes = 512;

/**
 * Decodes the boot sector.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | jump: 0xeb or 0xe9; some makers leave it out and end the sector in 0x55 0xaa alone |
 * | 11 | 2 | bytes per sector |
 * | 13 | 1 | sectors per cluster |
 * | 14 | 2 | reserved sectors, this one among them |
 * | 16 | 1 | copies of the table |
 * | 17 | 2 | entries of the root directory, 0 for FAT32 |
 * | 19, 32 | 2, 4 | sectors: the first that is not 0 |
 * | 21 | 1 | medium, 0xf0 or 0xf8 … 0xff |
 * | 22, 36 | 2, 4 | sectors of a table: 0 in the first makes it FAT32 |
 * | 40 | 2 | FAT32: bit 7 only one table is in force, bits 0–3 which |
 * | 44 | 4 | FAT32: first cluster of the root |
 * | 48 | 2 | FAT32: sector of free counts |
 * | 37 or 65 | 1 | bit 0: in use |
 * | 38 or 66 | 1, 4, 11 | 0x29, serial number, label |
 * @param sector - 512 bytes; borrowed
 * @returns undefined when it cannot be the boot sector of a FAT
 * @source Microsoft FAT specification (fatgen103), "Boot Sector and BPB"; Linux fs/fat/inode.c for which of them count
 */
export function decodeFatBootSector(sector: Uint8Array): FatGeometry | undefined {
  if (sector.length < bootSectorBytes || !isPlausible(sector)) return undefined;
  const sectorBytes = u16le(sector, 11);
  const isFat32 = u16le(sector, 22) === 0;
  const tableLengthBytes = (isFat32 ? u32le(sector, 36) : u16le(sector, 22)) * sectorBytes;
  const tableCount = sector[16]!;
  const tableBytesStart = u16le(sector, 14) * sectorBytes;
  const rootStartBytes = tableBytesStart + tableCount * tableLengthBytes;
  const rootBytes = roundUp(u16le(sector, 17) * 32, sectorBytes);
  const dataStartBytes = rootStartBytes + rootBytes;
  const clusterBytes = sector[13]! * sectorBytes;
  const sizeBytes = (u16le(sector, 19) || u32le(sector, 32)) * sectorBytes;
  const clusterCount = Math.floor((sizeBytes - dataStartBytes) / clusterBytes);
  if (clusterCount < 1 || tableLengthBytes === 0) return undefined;
  const entryBits = isFat32 ? 32 : clusterCount < 4085 ? 12 : 16;
  const roomCount = Math.floor((tableLengthBytes * 8) / entryBits) - 2;
  return {
    entryBits,
    clusterBytes,
    clusterCount: Math.min(clusterCount, roomCount),
    tableBytesStart,
    tableLengthBytes,
    tableCount,
    ...tablesInForce(sector, isFat32),
    rootStartBytes,
    dataStartBytes,
    rootCluster: isFat32 ? u32le(sector, 44) : 0,
    sizeBytes,
    infoBytesStart: isFat32 ? infoSector(sector) * sectorBytes : 0,
    ...identity(sector, isFat32 ? 66 : 38),
  };
}

function isPlausible(sector: Uint8Array): boolean {
  const medium = sector[21]!;
  const sectorBytes = u16le(sector, 11);
  return (
    (sector[0] === 0xeb || sector[0] === 0xe9 || u16le(sector, 510) === 0xaa55) &&
    sectorBytes >= 512 &&
    sectorBytes <= 4096 &&
    isPowerOfTwo(sectorBytes) &&
    isPowerOfTwo(sector[13]!) &&
    u16le(sector, 14) > 0 &&
    sector[16]! >= 1 &&
    sector[16]! <= 4 &&
    (medium === 0xf0 || medium >= 0xf8)
  );
}

function tablesInForce(
  sector: Uint8Array,
  isFat32: boolean,
): Pick<FatGeometry, 'activeTable' | 'isMirrored'> {
  const flags = isFat32 ? u16le(sector, 40) : 0;
  if ((flags & 0x80) === 0) return { activeTable: 0, isMirrored: true };
  return { activeTable: Math.min(flags & 15, sector[16]! - 1), isMirrored: false };
}

function infoSector(sector: Uint8Array): number {
  const number = u16le(sector, 48);
  return number === 0xffff ? 0 : number;
}

function identity(
  sector: Uint8Array,
  at: number,
): Pick<FatGeometry, 'serial' | 'label' | 'isDirty'> {
  const isDirty = (sector[at - 1]! & 1) !== 0;
  const signature = sector[at]!;
  if (signature !== 0x29 && signature !== 0x28) return { serial: 0, label: '', isDirty };
  const label = Buffer.from(sector.subarray(at + 5, at + 16)).toString('latin1');
  return { serial: u32le(sector, at + 1), label: signature === 0x29 ? label : '', isDirty };
}

function isPowerOfTwo(number: number): boolean {
  return number > 0 && (number & (number - 1)) === 0;
}

function roundUp(number: number, unit: number): number {
  return Math.ceil(number / unit) * unit;
}
