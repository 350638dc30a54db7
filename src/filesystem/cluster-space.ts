import type { Awaitable } from '../disk/disk.ts';
import type { ByteRange, FileSystemKind } from './file-system.ts';

/** The part of a FAT or exFAT volume that is cut into clusters, and the links between them. */
export interface ClusterSpace {
  /** For errors. */
  readonly kind: FileSystemKind;
  /** Where cluster 2, the first one, lies on the volume, bytes. */
  readonly startBytes: number;
  /** Size of a cluster, bytes: a power of two. */
  readonly clusterBytes: number;
  /** Clusters there are; the last one has the number clusterCount + 1. */
  readonly clusterCount: number;
  /**
   * The cluster after one.
   * @param cluster - of this space
   * @returns 0 at the end of a chain; a number that is no cluster where the link is broken
   */
  next(cluster: number): Awaitable<number>;
}

/**
 * Whether a number is a cluster of the space.
 * @param space - see ClusterSpace
 * @param cluster - hostile number
 */
export function isCluster(space: ClusterSpace, cluster: number): boolean {
  return cluster >= 2 && cluster <= space.clusterCount + 1;
}

/**
 * Where clusters lie on the volume.
 * @param space - see ClusterSpace
 * @param first - a cluster of the space
 * @param count - clusters that follow each other on the volume
 */
export function clusterRange(space: ClusterSpace, first: number, count: number): ByteRange {
  const { startBytes, clusterBytes } = space;
  return {
    offsetBytes: startBytes + (first - 2) * clusterBytes,
    lengthBytes: count * clusterBytes,
  };
}
