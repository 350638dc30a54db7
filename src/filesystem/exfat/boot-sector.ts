import { u16le, u32le, u64le } from '../integers.ts';

/** Layout of an exFAT volume, checked against itself. */
export interface ExfatGeometry {
  /** Size of a sector, bytes. */
  readonly sectorBytes: number;
  /** Size of a cluster, bytes. */
  readonly clusterBytes: number;
  /** Clusters there are. */
  readonly clusterCount: number;
  /** Where the table in force lies, bytes. */
  readonly tableStartBytes: number;
  /** Where the clusters begin, bytes. */
  readonly heapStartBytes: number;
  /** First cluster of the root directory. */
  readonly rootCluster: number;
  /** Size of the whole, bytes. */
  readonly sizeBytes: number;
  /** Serial number. */
  readonly serial: number;
  /** Whether it was in use when it was last written. */
  readonly isDirty: boolean;
}

/** Bytes of the boot sector that are looked at; a sector may be longer. */
export const bootSectorBytes = 512;

/** Whether a sector is the boot sector of exFAT, sound or not. @param sector - borrowed */
export function isExfatBootSector(sector: Uint8Array): boolean {
  if (sector.length < bootSectorBytes || u16le(sector, 510) !== 0xaa55) return false;
  const name = String.fromCharCode(...sector.subarray(3, 11));
  return name === 'EXFAT   ' && sector.subarray(11, 64).every((byte) => byte === 0);
}

/**
 * Decodes the boot sector.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 3 | 8 + 53 | "EXFAT   ", zeroes |
 * | 72 | 8 | sectors of the volume |
 * | 80, 84 | 4, 4 | first sector and length of a table |
 * | 88, 92 | 4, 4 | first sector of the clusters, and how many they are |
 * | 96 | 4 | first cluster of the root directory |
 * | 100 | 4 | serial number |
 * | 106 | 2 | bit 0: the second table is in force, bit 1: in use |
 * | 108, 109 | 1, 1 | shifts: bytes per sector, sectors per cluster |
 * | 110 | 1 | tables: 1 or 2 |
 * @param sector - 512 bytes; borrowed
 * @returns the layout; undefined when it contradicts itself
 * @source Microsoft exFAT specification, §3.1
 */
export function decodeExfatBootSector(sector: Uint8Array): ExfatGeometry | undefined {
  const sectorShift = sector[108]!;
  const clusterShift = sector[109]!;
  if (!isExfatBootSector(sector) || sectorShift < 9 || sectorShift > 12) return undefined;
  if (clusterShift > 25 - sectorShift) return undefined;
  const sectorBytes = 2 ** sectorShift;
  const [tableSector, tableSectors] = [u32le(sector, 80), u32le(sector, 84)];
  const [heapSector, clusterCount] = [u32le(sector, 88), u32le(sector, 92)];
  const tableCount = sector[110]!;
  const flags = u16le(sector, 106);
  const isFirstTable = (flags & 1) === 0 || tableCount < 2;
  const geometry = {
    sectorBytes,
    clusterBytes: sectorBytes * 2 ** clusterShift,
    clusterCount,
    tableStartBytes: (tableSector + (isFirstTable ? 0 : tableSectors)) * sectorBytes,
    heapStartBytes: heapSector * sectorBytes,
    rootCluster: u32le(sector, 96),
    sizeBytes: u64le(sector, 72) * sectorBytes,
    serial: u32le(sector, 100),
    isDirty: (flags & 2) !== 0,
  };
  const hasRoom =
    tableSector >= 24 &&
    heapSector >= tableSector + tableSectors * tableCount &&
    tableSectors * sectorBytes >= (clusterCount + 2) * 4;
  return hasRoom && isInside(geometry) ? geometry : undefined;
}

function isInside(geometry: ExfatGeometry): boolean {
  const { sizeBytes, heapStartBytes, clusterBytes, clusterCount } = geometry;
  const endBytes = heapStartBytes + clusterCount * clusterBytes;
  return Number.isSafeInteger(sizeBytes) && clusterCount > 0 && endBytes <= sizeBytes;
}

/**
 * Checksum over the eleven sectors of a boot region; what changes with every mount is left out.
 * @param region - eleven whole sectors
 * @source Microsoft exFAT specification, §3.4
 */
export function bootChecksum(region: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < region.length; index += 1) {
    if (index === 106 || index === 107 || index === 112) continue;
    sum = (((sum & 1) << 31) + (sum >>> 1) + region[index]!) >>> 0;
  }
  return sum;
}
