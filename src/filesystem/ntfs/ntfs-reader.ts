import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystemReader } from '../file-system.ts';
import { VolumeCache } from '../volume-cache.ts';
import { bootSectorBytes, decodeBootSector, type Geometry } from './boot-sector.ts';
import { ntfsDamage } from './damage.ts';
import { FileTable } from './file-table.ts';
import { NtfsFileSystem } from './ntfs-file-system.ts';
import { summarise } from './volume-information.ts';

/** Longest sector, bytes. */
const sectorBytesMax = 4096;

/** Reads NTFS, as Windows NT 4.0 to 11 and ntfs-3g write it. */
export const ntfsReader: FileSystemReader = {
  kinds: ['ntfs'],
  recognises: (head) => decodeBootSector(head) !== undefined,
  recognisesEnd: (tail) => geometryAtEnd(tail) !== undefined,
  open: async (disk) => {
    const { geometry, notes } = clamped(await readGeometry(disk), disk.sizeBytes);
    const volume = { disk, geometry, cache: new VolumeCache(disk, 'ntfs') };
    const table = await FileTable.open(volume);
    return new NtfsFileSystem(volume, table, await summarise(volume, table, notes));
  },
};

/** How a volume is laid out, and what was noticed about that. */
interface Layout {
  readonly geometry: Geometry;
  readonly notes: readonly string[];
}

/** Clusters that the volume does not have cost nothing to claim, so they do not count. */
function clamped({ geometry, notes }: Layout, volumeBytes: number): Layout {
  const clusterCount = Math.floor(volumeBytes / geometry.clusterBytes);
  if (clusterCount >= geometry.clusterCount) return { geometry, notes };
  const missing = geometry.sizeBytes - volumeBytes;
  return {
    geometry: { ...geometry, clusterCount },
    notes: [
      ...notes,
      `its last ${missing} bytes are missing: the volume is shorter than it claims`,
    ],
  };
}

/** From the boot sector, or the copy of it in the last sector of the volume. */
async function readGeometry(disk: ReadableDisk): Promise<Layout> {
  const first = await readFirst(disk);
  if (first !== undefined) return { geometry: first, notes: [] };
  const copy = await readGeometryCopy(disk);
  if (copy !== undefined) {
    return { geometry: copy, notes: ['its boot sector is damaged: the copy at its end was used'] };
  }
  throw ntfsDamage({ structure: 'boot sector', offsetBytes: 0 }, 'it contradicts itself');
}

async function readFirst(disk: ReadableDisk): Promise<Geometry | undefined> {
  const bytes = new Uint8Array(Math.min(bootSectorBytes, disk.sizeBytes));
  await disk.read(bytes, 0);
  return decodeBootSector(bytes);
}

async function readGeometryCopy(disk: ReadableDisk): Promise<Geometry | undefined> {
  const tail = new Uint8Array(Math.min(sectorBytesMax, disk.sizeBytes));
  await disk.read(tail, disk.sizeBytes - tail.length);
  return geometryAtEnd(tail);
}

/** The copy lies in the last sector, whose length only it tells. */
function geometryAtEnd(tail: Uint8Array): Geometry | undefined {
  for (let sectorBytes = 512; sectorBytes <= tail.length; sectorBytes *= 2) {
    const geometry = decodeBootSector(tail.subarray(tail.length - sectorBytes));
    if (geometry?.sectorBytes === sectorBytes) return geometry;
  }
  return undefined;
}
