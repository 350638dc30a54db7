import type { EntryNode } from '../entry-volume.ts';
import type { StreamEntry } from './entry-set.ts';

/** A file of an exFAT volume. */
export interface ExfatNode extends EntryNode {
  /** Its file entry, 32 bytes, borrowed from the cache; empty for the root, which has none. */
  readonly entry: Uint8Array;
  /** Where its file and stream entries lie on the volume, bytes; none for the root. */
  readonly places: readonly number[];
  /** What is known of its content. */
  readonly stream: StreamEntry;
}

/** Bit of the attributes that makes a file a directory. */
const directoryBit = 0x10;

/**
 * Makes a node of a file entry and a stream entry.
 * @param entry - file entry; borrowed
 * @param stream - decoded stream entry
 * @param places - where both lie on the volume
 */
export function exfatNode(
  entry: Uint8Array,
  stream: StreamEntry,
  places: readonly [number, number],
): ExfatNode {
  const [file, behind] = places;
  // A stream entry that begins in another cluster cannot be found from the file entry alone.
  const id = behind === file + 32 ? String(file) : `${file}-${behind}`;
  const kind = (entry[4]! & directoryBit) === 0 ? 'file' : 'directory';
  return { id, kind, contentKey: stream.firstCluster, entry, places, stream };
}
