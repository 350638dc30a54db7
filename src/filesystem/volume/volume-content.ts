import type { ReadableDisk } from '../../disk/disk.ts';
import { fileSystemReaders } from '../readers.ts';
import { findLvmLabel } from './lvm-label.ts';
import { readAt } from './read-at.ts';
import { certainRefusal, farRefusal, possibleRefusal, signatureHeadBytes } from './signatures.ts';

/** What the beginning of a volume says about its content. */
export interface VolumeContent {
  /** Why nobody can look inside; undefined when one may try. */
  readonly refusal?: string | undefined;
  /** Whether it is known what is there: a file system, or something we refuse. */
  readonly isKnown: boolean;
}

/**
 * Looks at the beginning of a volume.
 * @param volume - partition, logical volume or whole disk
 */
export async function volumeContent(volume: ReadableDisk): Promise<VolumeContent> {
  const head = await readAt(volume, 0, Math.min(signatureHeadBytes, volume.sizeBytes));
  if (head === undefined) return { isKnown: false };
  const certain = certainRefusal(head);
  if (certain !== undefined) return { refusal: certain, isKnown: true };
  const fileSystemHead = head.subarray(0, 128 * 1024);
  if (fileSystemReaders.some((reader) => reader.recognises(fileSystemHead))) {
    return { isKnown: true };
  }
  if (findLvmLabel(head) !== undefined) return { isKnown: true };
  const possible = possibleRefusal(head) ?? (await farRefusal(volume));
  return { refusal: possible, isKnown: possible !== undefined };
}
