import { CircleWatch } from './circle-watch.ts';
import { type ClusterSpace, clusterRange, isCluster } from './cluster-space.ts';
import { damagedFileSystem } from './damage.ts';

/**
 * Follows a chain of clusters whose length is not known: a directory's.
 * @param space - the clusters and their links
 * @param first - its first cluster, as an entry says
 * @param limit - whose it is, for errors, and how long it may be, bytes
 * @throws FILE_SYSTEM_DAMAGED where it leads nowhere, goes in a circle or on for too long
 */
export async function* followClusters(
  space: ClusterSpace,
  first: number,
  limit: { readonly structure: string; readonly bytesMax: number },
): AsyncGenerator<number> {
  const watch = new CircleWatch(first);
  const clustersMax = Math.ceil(limit.bytesMax / space.clusterBytes);
  for (let cluster = first, count = 0, last = first; cluster !== 0; count += 1) {
    if (!isCluster(space, cluster)) throw damage(space, limit.structure, last, 'it leads nowhere');
    if (count >= clustersMax) throw damage(space, limit.structure, last, 'it does not end');
    yield cluster;
    last = cluster;
    const next = space.next(cluster);
    cluster = next instanceof Promise ? await next : next;
    if (watch.isCircle(cluster)) throw damage(space, limit.structure, last, 'it goes in a circle');
  }
}

function damage(space: ClusterSpace, structure: string, last: number, reason: string): Error {
  const { kind, startBytes } = space;
  const offsetBytes = isCluster(space, last)
    ? clusterRange(space, last, 1).offsetBytes
    : startBytes;
  return damagedFileSystem({
    kind,
    structure: `${structure}, chain of clusters`,
    offsetBytes,
    reason,
  });
}
