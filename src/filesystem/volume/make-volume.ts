import type { Volume, VolumeSpan } from '../volume.ts';
import { type DisksByName, JoinedDisk } from './joined-disk.ts';
import { volumeContent } from './volume-content.ts';

/** A volume before anybody looked at its content. */
export type VolumeOutline = Omit<Volume, 'sizeBytes' | 'disk'>;

/**
 * Makes a volume of its outline: opens its bytes and, unless it is refused already, looks at what they are.
 * @param outline - where it lies and what is known of it
 * @param disks - every disk it speaks of
 */
export async function makeVolume(outline: VolumeOutline, disks: DisksByName): Promise<Volume> {
  const disk = new JoinedDisk(disks, outline.spans);
  const refusal = outline.refusal ?? (await volumeContent(disk)).refusal;
  return { ...outline, sizeBytes: disk.sizeBytes, disk, refusal };
}

/** A piece of one disk. */
export interface DiskRegion {
  /** Name of the disk. */
  readonly disk: string;
  /** Where it begins, bytes. */
  readonly offsetBytes: number;
  /** Its length, bytes. */
  readonly lengthBytes: number;
}

/**
 * The spans of a volume that lies in one piece.
 * @param region - where; none when it is empty
 */
export function spansOf({ disk, offsetBytes, lengthBytes }: DiskRegion): readonly VolumeSpan[] {
  if (lengthBytes <= 0) return [];
  const stripes = [{ disk, offsetBytes }];
  return [{ startBytes: 0, lengthBytes, stripeBytes: lengthBytes, stripes }];
}
