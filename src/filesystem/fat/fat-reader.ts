import type { ReadableDisk } from '../../disk/disk.ts';
import type { ClusterSpace } from '../cluster-space.ts';
import { damagedFileSystem } from '../damage.ts';
import { EntryFileSystem } from '../entry-file-system.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { u32le } from '../integers.ts';
import { VolumeCache } from '../volume-cache.ts';
import { bootSectorBytes, decodeFatBootSector, type FatGeometry } from './boot-sector.ts';
import { attribute, entryBytes, entryMark, part } from './directory-entry.ts';
import { FatClusters } from './fat-clusters.ts';
import { FatTable } from './fat-table.ts';
import { type FatParts, FatVolume } from './fat-volume.ts';

/** Note that every FAT volume carries. */
const zoneNote = 'its times have no time zone and are shown as if they were UTC';

/** Reads FAT12, FAT16 and FAT32 with long names. */
export const fatReader: FileSystemReader = {
  kinds: ['fat12', 'fat16', 'fat32'],
  recognises: (head) => decodeFatBootSector(head.subarray(0, bootSectorBytes)) !== undefined,
  open: openFat,
};

async function openFat(disk: ReadableDisk): Promise<FileSystem> {
  const sector = new Uint8Array(Math.min(bootSectorBytes, disk.sizeBytes));
  await disk.read(sector, 0);
  const told = decodeFatBootSector(sector);
  if (told === undefined) throw bootDamage('it contradicts itself');
  const geometry = fitted(told, disk.sizeBytes);
  const kind = kindOf(geometry);
  const cache = new VolumeCache(disk, kind);
  const table = new FatTable(cache, geometry);
  const space: ClusterSpace = {
    kind,
    startBytes: geometry.dataStartBytes,
    clusterBytes: geometry.clusterBytes,
    clusterCount: geometry.clusterCount,
    next: (cluster) => table.next(cluster),
  };
  const parts = { disk, cache, geometry, space };
  return new EntryFileSystem(new FatVolume({ ...parts, summary: await summaryOf(parts) }));
}

/**
 * Clusters behind the end of a volume that was cut are none.
 * @throws FILE_SYSTEM_DAMAGED
 */
function fitted(geometry: FatGeometry, volumeBytes: number): FatGeometry {
  const { dataStartBytes, clusterBytes, clusterCount } = geometry;
  const room = Math.floor((volumeBytes - dataStartBytes) / clusterBytes);
  if (room < 1) throw bootDamage('its tables would not fit');
  return { ...geometry, clusterCount: Math.min(clusterCount, room) };
}

function kindOf({ entryBits }: FatGeometry): 'fat12' | 'fat16' | 'fat32' {
  return `fat${entryBits}`;
}

function bootDamage(reason: string): Error {
  return damagedFileSystem({ kind: 'fat32', structure: 'boot sector', offsetBytes: 0, reason });
}

async function summaryOf(parts: Omit<FatParts, 'summary'>): Promise<FileSystemSummary> {
  const { geometry, disk } = parts;
  const serial = geometry.serial.toString(16).toUpperCase().padStart(8, '0');
  const notes = geometry.isDirty ? [zoneNote, 'it was not cleanly unmounted'] : [zoneNote];
  if (geometry.sizeBytes > disk.sizeBytes) notes.push('its volume is shorter than it says');
  return {
    kind: kindOf(geometry),
    label: (await rootLabel(parts)) ?? bootLabel(geometry),
    uuid: geometry.serial === 0 ? '' : `${serial.slice(0, 4)}-${serial.slice(4)}`,
    sizeBytes: Math.min(geometry.sizeBytes, disk.sizeBytes),
    blockBytes: geometry.clusterBytes,
    freeBytes: await freeBytes(parts),
    notes,
    isUnclean: geometry.isDirty,
  };
}

function bootLabel({ label }: FatGeometry): string {
  return label === 'NO NAME    ' ? '' : part(Buffer.from(label, 'latin1'));
}

/** The label is an entry of the root directory, one of the first. */
async function rootLabel({
  geometry,
  cache,
}: Omit<FatParts, 'summary'>): Promise<string | undefined> {
  const { rootStartBytes, dataStartBytes, clusterBytes, rootCluster, clusterCount } = geometry;
  const isInClusters = geometry.entryBits === 32;
  if (isInClusters && (rootCluster < 2 || rootCluster > clusterCount + 1)) return undefined;
  const offsetBytes = isInClusters
    ? dataStartBytes + (rootCluster - 2) * clusterBytes
    : rootStartBytes;
  const lengthBytes = isInClusters ? clusterBytes : dataStartBytes - rootStartBytes;
  if (offsetBytes + lengthBytes > cache.sizeBytes) return undefined;
  const bytes = await cache.bytes({ offsetBytes, lengthBytes, structure: 'root directory' });
  for (
    let at = 0;
    at + entryBytes <= bytes.length && bytes[at] !== entryMark.end;
    at += entryBytes
  ) {
    const entry = bytes.subarray(at, at + entryBytes);
    const kinds = entry[11]! & 0x3f;
    const isLabel = (kinds & attribute.label) !== 0 && kinds !== attribute.longName;
    if (isLabel && entry[0] !== entryMark.deleted) return part(entry.subarray(0, 11));
  }
  return undefined;
}

/**
 * What the sector of free counts of FAT32 says (offset 0 "RRaA", 484 "rrAa", 488 the count); the tables of the others are small enough to be
 * counted.
 */
async function freeBytes({
  geometry,
  cache,
}: Omit<FatParts, 'summary'>): Promise<number | undefined> {
  const { entryBits, infoBytesStart, clusterBytes, clusterCount } = geometry;
  if (entryBits !== 32) return (await new FatClusters(cache, geometry).freeCount()) * clusterBytes;
  if (infoBytesStart === 0 || infoBytesStart + 512 > cache.sizeBytes) return undefined;
  const place = { offsetBytes: infoBytesStart, lengthBytes: 512, structure: 'free counts' };
  const info = await cache.bytes(place);
  const count = u32le(info, 488);
  const isTrue = u32le(info, 0) === 0x41615252 && u32le(info, 484) === 0x61417272;
  return isTrue && count <= clusterCount ? count * clusterBytes : undefined;
}
