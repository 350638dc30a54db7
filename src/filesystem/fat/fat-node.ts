import type { EntryNode } from '../entry-volume.ts';

/** A file of a FAT volume. */
export interface FatNode extends EntryNode {
  /** Its entry, 32 bytes, borrowed from the cache; empty for the root, which has none. */
  readonly entry: Uint8Array;
  /** Where the entry lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** First cluster of the content; 0 for none. */
  readonly firstCluster: number;
}
