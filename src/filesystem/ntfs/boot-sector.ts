// The boot sector: the volume's geometry. It lies in the first sector, and a copy in the sector behind the last one that counts.
//
//   offset size field
//     0x03    8 "NTFS    "
//     0x0b    2 bytes per sector
//     0x0d    1 sectors per cluster; from 0xf4 on, a negative power of two
//     0x28    8 sectors of the volume, without the one of the copy
//     0x30    8 first cluster of the master file table
//     0x38    8 first cluster of the copy of its first records
//     0x40    1 clusters per file record; a negative power of two of bytes when negative
//     0x44    1 clusters per index block; likewise
//     0x48    8 serial number
import { u16le, u32le, u64le } from '../integers.ts';
import { clusterBytesMax, fileRecordBytesMax, indexBlockBytesMax } from './limits.ts';

/** Bytes of the boot sector that are read. */
export const bootSectorBytes: number = 512;

/** How a volume is laid out. */
export interface Geometry {
  readonly sectorBytes: number;
  readonly clusterBytes: number;
  /** Whole clusters of the volume. */
  readonly clusterCount: number;
  /** Bytes that the file system claims, the copy of the boot sector included. */
  readonly sizeBytes: number;
  /** Where the master file table begins, bytes. */
  readonly fileTableOffsetBytes: number;
  /** Where the copy of its first records begins, bytes. */
  readonly mirrorOffsetBytes: number;
  readonly recordBytes: number;
  readonly indexBlockBytes: number;
  /** 16 hexadecimal digits. */
  readonly serialNumber: string;
}

/**
 * Decodes a boot sector.
 * @param bytes - 512 bytes or more; borrowed
 * @returns undefined when this is none, or one that contradicts itself
 * @source Linux include fs/ntfs3/ntfs.h, struct NTFS_BOOT
 */
export function decodeBootSector(bytes: Uint8Array): Geometry | undefined {
  if (bytes.length < bootSectorBytes || !hasName(bytes)) return undefined;
  const sectorBytes = u16le(bytes, 0x0b);
  const clusterBytes = sectorBytes * sectorsPerCluster(bytes[0x0d]!);
  const recordBytes = unitBytes(bytes[0x40]!, clusterBytes);
  const indexBlockBytes = unitBytes(bytes[0x44]!, clusterBytes);
  const sectorCount = u64le(bytes, 0x28);
  const geometry: Geometry = {
    sectorBytes,
    clusterBytes,
    clusterCount: Math.floor((sectorCount * sectorBytes) / clusterBytes),
    sizeBytes: (sectorCount + 1) * sectorBytes,
    fileTableOffsetBytes: u64le(bytes, 0x30) * clusterBytes,
    mirrorOffsetBytes: u64le(bytes, 0x38) * clusterBytes,
    recordBytes,
    indexBlockBytes,
    serialNumber: hex(u32le(bytes, 0x4c)) + hex(u32le(bytes, 0x48)),
  };
  return isPlausible(geometry) ? geometry : undefined;
}

function hasName(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(3, 11)) === 'NTFS    ';
}

function sectorsPerCluster(field: number): number {
  if (field <= 0x80) return field;
  return field >= 0xf4 ? 2 ** (0x100 - field) : 0;
}

function unitBytes(field: number, clusterBytes: number): number {
  return field < 0x80 ? field * clusterBytes : 2 ** (0x100 - field);
}

function isPlausible(geometry: Geometry): boolean {
  return (
    isPowerOfTwo(geometry.sectorBytes, 256, 4096) &&
    isPowerOfTwo(geometry.clusterBytes, geometry.sectorBytes, clusterBytesMax) &&
    isPowerOfTwo(geometry.recordBytes, 512, fileRecordBytesMax) &&
    isPowerOfTwo(geometry.indexBlockBytes, 512, indexBlockBytesMax) &&
    Number.isSafeInteger(geometry.sizeBytes) &&
    geometry.clusterCount > 0 &&
    geometry.fileTableOffsetBytes < geometry.sizeBytes
  );
}

function isPowerOfTwo(value: number, min: number, max: number): boolean {
  return value >= min && value <= max && (value & (value - 1)) === 0;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
