import type { ReadableDisk } from '../../disk/disk.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { Geometry } from './boot-sector.ts';

/** What every part of the reader works on. */
export interface NtfsVolume {
  /** For content and long sequential reads. */
  readonly disk: ReadableDisk;
  /** For metadata. */
  readonly cache: VolumeCache;
  readonly geometry: Geometry;
}
