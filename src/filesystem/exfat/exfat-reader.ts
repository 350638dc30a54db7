import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { EntryFileSystem } from '../entry-file-system.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { VolumeCache } from '../volume-cache.ts';
import { type ExfatGeometry, isExfatBootSector } from './boot-sector.ts';
import { ExfatClusters } from './exfat-clusters.ts';
import { ExfatVolume, exfatRoot } from './exfat-volume.ts';
import { readExfatBoot } from './read-boot.ts';
import { type RootEntries, RootReader } from './root-entries.ts';

/** Reads exFAT. */
export const exfatReader: FileSystemReader = {
  kinds: ['exfat'],
  recognises: isExfatBootSector,
  open: openExfat,
};

async function openExfat(disk: ReadableDisk): Promise<FileSystem> {
  const boot = await readExfatBoot(disk);
  const geometry = fitted(boot.geometry, disk.sizeBytes);
  const cache = new VolumeCache(disk, 'exfat');
  const clusters = new ExfatClusters(disk, cache, geometry);
  const entries = await new RootReader(clusters, cache, geometry).read(exfatRoot(geometry).stream);
  const summary = await summaryOf(geometry, entries, boot.notes);
  return new EntryFileSystem(new ExfatVolume({ cache, geometry, clusters, entries, summary }));
}

/**
 * Clusters behind the end of a volume that was cut are none.
 * @throws FILE_SYSTEM_DAMAGED
 */
function fitted(geometry: ExfatGeometry, volumeBytes: number): ExfatGeometry {
  const { heapStartBytes, clusterBytes, clusterCount, sizeBytes } = geometry;
  const room = Math.floor((volumeBytes - heapStartBytes) / clusterBytes);
  if (room < 1) {
    const reason = 'its tables would not fit';
    throw damagedFileSystem({ kind: 'exfat', structure: 'boot sector', offsetBytes: 0, reason });
  }
  const count = Math.min(clusterCount, room);
  return { ...geometry, clusterCount: count, sizeBytes: Math.min(sizeBytes, volumeBytes) };
}

async function summaryOf(
  geometry: ExfatGeometry,
  entries: RootEntries,
  bootNotes: readonly string[],
): Promise<FileSystemSummary> {
  const serial = geometry.serial.toString(16).toUpperCase().padStart(8, '0');
  const dirty = geometry.isDirty ? ['it was not cleanly unmounted'] : [];
  const damaged = entries.findings.map(({ structure, reason }) => `${structure}: ${reason}`);
  return {
    kind: 'exfat',
    label: entries.label,
    uuid: `${serial.slice(0, 4)}-${serial.slice(4)}`,
    sizeBytes: geometry.sizeBytes,
    blockBytes: geometry.clusterBytes,
    freeBytes: await entries.bitmap?.freeBytes(),
    notes: [...bootNotes, ...dirty, ...damaged],
    isUnclean: geometry.isDirty,
  };
}
