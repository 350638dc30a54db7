import type { EntryNode } from '../entry-volume.ts';
import type { FileKind } from '../file-system.ts';
import type { DirectoryRecord } from './directory-record.ts';
import type { RockRidge } from './rock-ridge.ts';

/** A piece of a file. */
export interface IsoExtent {
  /** First block. */
  readonly block: number;
  /** Length, bytes, more than 0. */
  readonly lengthBytes: number;
}

/** A file of an ISO 9660 volume. */
export interface IsoNode extends EntryNode {
  /** Its record; of several, the first. */
  readonly record: DirectoryRecord;
  /** Where its record lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** Length of its records, bytes. */
  readonly recordsBytes: number;
  /** Its content, in order. */
  readonly extents: readonly IsoExtent[];
  /** What Rock Ridge says; undefined where it says nothing. */
  readonly rockRidge?: RockRidge | undefined;
}

const kindsByMode: ReadonlyMap<number, FileKind> = new Map([
  [0o01, 'pipe'],
  [0o02, 'character-device'],
  [0o04, 'directory'],
  [0o06, 'block-device'],
  [0o10, 'file'],
  [0o12, 'link'],
  [0o14, 'socket'],
]);

/**
 * What a record describes. Whether it is a directory is the record's own to say; the rest says Rock Ridge.
 * @param isDirectory - as the record says
 * @param mode - as Rock Ridge says
 */
export function isoKind(isDirectory: boolean, mode: number | undefined): FileKind {
  if (isDirectory) return 'directory';
  const kind = mode === undefined ? 'file' : (kindsByMode.get((mode >>> 12) & 0o17) ?? 'other');
  return kind === 'directory' ? 'other' : kind;
}
