import { volumesMax } from './limits.ts';
import { diskVolumes, type FoundVolume } from './volume/disk-volumes.ts';
import { lookThroughLvm } from './volume/lvm-volumes.ts';
import type { NamedDisk, Volume } from './volume.ts';

/**
 * Finds everything on the disks of one machine that may hold a file system: partitions, whole disks without partitions, halves of
 * mirrors, logical volumes. Never fails for what lies on the disks: what cannot be read is listed with the reason.
 * @param disks - all disks of the machine at one moment: a logical volume may lie on several. Names are unique
 * @returns partitions and whole disks in the order of the disks, then logical volumes; at most `volumesMax`
 * @throws what a disk throws when it is read
 */
export async function findVolumes(disks: readonly NamedDisk[]): Promise<readonly Volume[]> {
  const byName = new Map(disks.map(({ name, disk }) => [name, disk]));
  const found: FoundVolume[] = [];
  for (const disk of disks) found.push(...(await diskVolumes(disk, byName)));
  const { plain, logical } = await lookThroughLvm(found, byName);
  return [...plain, ...logical].slice(0, volumesMax);
}
