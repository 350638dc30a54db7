import type { SecondwindError } from '../../base/errors.ts';
import { damagedFileSystem } from '../damage.ts';

/** A structure and where it lies, for what is said about its damage. */
export interface Place {
  /** In words: "file record 17, attribute list". */
  readonly structure: string;
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
}

/**
 * The error that a structure of an NTFS volume contradicts itself.
 * @param place - the structure
 * @param reason - what is wrong with it
 */
export function ntfsDamage(place: Place, reason: string): SecondwindError {
  const { structure, offsetBytes } = place;
  return damagedFileSystem({ kind: 'ntfs', structure, offsetBytes, reason });
}
