import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { u32le } from '../integers.ts';
import {
  bootChecksum,
  bootSectorBytes,
  decodeExfatBootSector,
  type ExfatGeometry,
} from './boot-sector.ts';

/** Sectors of a boot region: the checksum lies in the last one. */
const regionSectors = 12;

/** Layout of a volume, and what is to be said about how it was found. */
export interface ExfatBoot {
  readonly geometry: ExfatGeometry;
  readonly notes: readonly string[];
}

/**
 * Reads the boot region whose checksum fits: the first or its copy behind it.
 * @param disk - the volume
 * @throws FILE_SYSTEM_DAMAGED when neither can be used
 */
export async function readExfatBoot(disk: ReadableDisk): Promise<ExfatBoot> {
  const first = await readRegion(disk, 0);
  if (first !== undefined) return { geometry: first, notes: [] };
  for (const sectorBytes of [512, 1024, 2048, 4096]) {
    const copy = await readRegion(disk, regionSectors * sectorBytes);
    if (copy?.sectorBytes !== sectorBytes) continue;
    return { geometry: copy, notes: ['its first boot sector is damaged; the copy was used'] };
  }
  throw damagedFileSystem({
    kind: 'exfat',
    structure: 'boot region',
    offsetBytes: 0,
    reason: 'neither it nor its copy has a checksum that fits',
  });
}

async function readRegion(
  disk: ReadableDisk,
  offsetBytes: number,
): Promise<ExfatGeometry | undefined> {
  if (offsetBytes + bootSectorBytes > disk.sizeBytes) return undefined;
  const sector = new Uint8Array(bootSectorBytes);
  await disk.read(sector, offsetBytes);
  const geometry = decodeExfatBootSector(sector);
  if (geometry === undefined) return undefined;
  const regionBytes = regionSectors * geometry.sectorBytes;
  if (offsetBytes + regionBytes > disk.sizeBytes) return undefined;
  const region = new Uint8Array(regionBytes);
  await disk.read(region, offsetBytes);
  const checked = region.subarray(0, regionBytes - geometry.sectorBytes);
  return bootChecksum(checked) === u32le(region, checked.length) ? geometry : undefined;
}
