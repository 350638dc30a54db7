// Where a stream lies: runs of clusters, each encoded as a byte that says how long the two numbers behind it are (length in the low four
// bits, offset in the high four), then the length of the run, then the signed distance of its first cluster from that of the run
// before. No distance means a hole. A zero byte ends the list.
import { runsMax } from './limits.ts';

/** A run of clusters. */
export interface ClusterRun {
  /** First cluster within the stream. */
  readonly startCluster: number;
  readonly clusterCount: number;
  /** First cluster on the volume; undefined for a hole. */
  readonly volumeCluster?: number | undefined;
}

const hole = -1;

/** The runs of one stream from its beginning, gathered piece by piece. Runs that follow one another on the volume become one. */
export class RunList {
  readonly #starts: number[] = [];
  readonly #places: number[] = [];
  #end = 0;
  #storedClusters = 0;

  /** Cluster behind the last one of the stream. */
  get endCluster(): number {
    return this.#end;
  }

  /** Clusters that are no holes. */
  get storedClusters(): number {
    return this.#storedClusters;
  }

  /** How many runs there are. */
  get length(): number {
    return this.#starts.length;
  }

  /**
   * Adds the next run.
   * @param clusterCount - more than 0
   * @param volumeCluster - undefined for a hole
   * @returns whether there was room for it
   */
  add(clusterCount: number, volumeCluster: number | undefined): boolean {
    const place = volumeCluster ?? hole;
    const last = this.#starts.length - 1;
    const isNext = last >= 0 && this.#continues(last, place);
    if (!isNext) {
      if (last + 1 >= runsMax) return false;
      this.#starts.push(this.#end);
      this.#places.push(place);
    }
    this.#end += clusterCount;
    if (volumeCluster !== undefined) this.#storedClusters += clusterCount;
    return true;
  }

  /**
   * One run by its place in the list.
   * @param index - 0 ≤ index < length
   */
  at(index: number): ClusterRun {
    const startCluster = this.#starts[index]!;
    const place = this.#places[index]!;
    return {
      startCluster,
      clusterCount: (this.#starts[index + 1] ?? this.#end) - startCluster,
      volumeCluster: place === hole ? undefined : place,
    };
  }

  /**
   * The run that holds a cluster of the stream.
   * @param cluster - 0 ≤ cluster < endCluster
   */
  find(cluster: number): ClusterRun {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= cluster) low = middle;
      else high = middle - 1;
    }
    return this.at(low);
  }

  /** Every run, in order. */
  *[Symbol.iterator](): Generator<ClusterRun> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  #continues(last: number, place: number): boolean {
    const before = this.#places[last]!;
    if (before === hole || place === hole) return before === place;
    return before + this.#end - this.#starts[last]! === place;
  }
}

/** What a run list may speak of. */
export interface RunBounds {
  /** Clusters of the volume. */
  readonly clusterCount: number;
  /** Cluster of the stream at which this piece must end. */
  readonly endCluster: number;
}

/**
 * Decodes one piece of a run list and adds it.
 * @param list - receives the runs
 * @param encoded - the runs, to their end mark or the end of the attribute; borrowed
 * @param bounds - see RunBounds
 * @returns what is wrong, as a sentence; the runs before it have been added then
 * @source Linux fs/ntfs3/run.c, run_unpack
 */
export function appendRuns(
  list: RunList,
  encoded: Uint8Array,
  bounds: RunBounds,
): string | undefined {
  let place = 0;
  for (let at = 0; at < encoded.length && encoded[at] !== 0; ) {
    const lengthSize = encoded[at]! & 15;
    const placeSize = encoded[at]! >> 4;
    if (at + 1 + lengthSize + placeSize > encoded.length) return 'its last run is cut off';
    const clusterCount = signedNumber(encoded, at + 1, lengthSize);
    place += signedNumber(encoded, at + 1 + lengthSize, placeSize);
    const volumeCluster = placeSize === 0 ? undefined : place;
    const fault = runFault(clusterCount, volumeCluster, list.endCluster, bounds);
    if (fault !== undefined) return fault;
    if (!list.add(clusterCount, volumeCluster)) return `it has more than ${runsMax} runs`;
    if (list.storedClusters > bounds.clusterCount) return 'it is larger than the volume';
    at += 1 + lengthSize + placeSize;
  }
  if (list.endCluster === bounds.endCluster) return undefined;
  return `its runs end at cluster ${list.endCluster} and not at ${bounds.endCluster}`;
}

function runFault(
  clusterCount: number,
  volumeCluster: number | undefined,
  startCluster: number,
  bounds: RunBounds,
): string | undefined {
  if (clusterCount < 1 || startCluster + clusterCount > bounds.endCluster) {
    return `a run would take it ${clusterCount} clusters on from ${startCluster}, beyond ${bounds.endCluster}`;
  }
  if (volumeCluster === undefined) return undefined;
  if (volumeCluster >= 0 && volumeCluster + clusterCount <= bounds.clusterCount) return undefined;
  return `a run would lie at cluster ${volumeCluster}, ${clusterCount} long, outside the volume`;
}

/** Rounded beyond 2^53, where every check of bounds refuses it. */
function signedNumber(bytes: Uint8Array, at: number, size: number): number {
  if (size === 0) return 0;
  let value = (bytes[at + size - 1]! << 24) >> 24;
  for (let index = size - 2; index >= 0; index -= 1) value = value * 256 + bytes[at + index]!;
  return value;
}
