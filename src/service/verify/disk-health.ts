import type { Catalogue } from '../catalogue.ts';
import type { VerificationRow } from '../catalogue-row.ts';
import { isoMoment } from '../moments.ts';
import type { DiskAddress } from '../use-cases.ts';
import type { DiskHealthReport } from './health-report.ts';
import { verdictOf } from './verdict.ts';
import type { VerifyReport, VolumeHealthReport } from './verify-report.ts';

/**
 * Health of a disk at its newest point that was checked as a whole. A check of a single volume says nothing of the others, and one of
 * the machine nothing of a disk that could not be read.
 * @param catalogue - remembers results
 * @param name - the disk
 * @returns undefined when there is none
 */
export function diskHealth(
  catalogue: Pick<Catalogue, 'newestVerification'>,
  name: DiskAddress,
): DiskHealthReport | undefined {
  const row = catalogue.newestVerification(name.machine, (found) => isAbout(found, name));
  return row === undefined ? undefined : healthOf(row, name.disk);
}

function isAbout({ place, report }: VerificationRow, { machine, disk }: DiskAddress): boolean {
  if (place === `${machine}/${disk}`) return true;
  return place === machine && volumesOf(report, disk).length > 0;
}

function healthOf({ place, report, ...row }: VerificationRow, disk: string): DiskHealthReport {
  const volumes = place.includes('/') ? report.volumes : volumesOf(report, disk);
  const firstDamage = volumes.flatMap(damagesOf)[0];
  return {
    disk,
    verdict: verdictOf(volumes),
    where: place,
    point: isoMoment(row.pointMicros),
    verified: isoMoment(row.verifiedMicros),
    damageCount: volumes.reduce((sum, { damageCount }) => sum + damageCount, 0),
    ...(firstDamage === undefined ? {} : { firstDamage }),
  };
}

/** Of a logical volume its report does not tell which disks it lies on; so it counts for every disk. */
function volumesOf({ volumes, disks = [] }: VerifyReport, disk: string): VolumeHealthReport[] {
  return volumes.filter(({ volume }) => {
    const [first = ''] = volume.split('/');
    return first === disk || (disks.includes(disk) && !disks.includes(first));
  });
}

function damagesOf({ volume, findings }: VolumeHealthReport): string[] {
  return findings
    .filter(({ severity }) => severity === 'damage')
    .map(({ structure, reason }) => `${volume}: ${structure}: ${reason}`);
}
