import type { Awaitable } from '../disk/disk.ts';
import { CircleWatch } from './circle-watch.ts';
import { type ClusterSpace, clusterRange, isCluster } from './cluster-space.ts';
import { damagedFileSystem } from './damage.ts';
import type { ByteRange } from './file-system.ts';
import { chainPiecesMax } from './limits.ts';
import type { ContentMap, ContentRun } from './mapped-content.ts';

/** A chain of clusters to follow. */
export interface ChainStart {
  /** Its first cluster, as the entry says: hostile. */
  readonly first: number;
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  /** Whose it is, for errors: "file 17". */
  readonly structure: string;
}

/** Clusters that are followed ahead of what was asked for, so that one read can take a long run. */
const aheadClusters = 16 * 1024;

/** The content of a file whose clusters are linked one to the next. The chain is followed as far as it is read, and what was found is kept. */
export class ClusterChain implements ContentMap {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #space: ClusterSpace;
  readonly #structure: string;
  readonly #watch: CircleWatch;
  /** Runs found: number of the first cluster within the file, and its number on the volume. */
  readonly #starts: number[] = [];
  readonly #clusters: number[] = [];
  readonly #wanted: number;
  #known = 0;
  #last: number;
  #isRunOpen = true;
  #fault: string | undefined;
  #following: Promise<void> | undefined;

  /**
   * @param space - the clusters and their links
   * @param start - see ChainStart
   */
  constructor(space: ClusterSpace, start: ChainStart) {
    this.#space = space;
    this.sizeBytes = start.sizeBytes;
    this.#structure = start.structure;
    this.#wanted = Math.ceil(start.sizeBytes / space.clusterBytes);
    this.#watch = new CircleWatch(start.first);
    this.#last = start.first;
    if (this.#wanted > space.clusterCount) this.#fault = 'it is longer than the volume';
    else if (!isCluster(space, start.first))
      this.#fault = `it would begin at cluster ${start.first}`;
    else this.#append(start.first);
  }

  /** @inheritdoc */
  runAt(offsetBytes: number): Awaitable<ContentRun> {
    const index = Math.floor(offsetBytes / this.#space.clusterBytes);
    if (index < this.#known) return this.#run(index);
    const followed = this.#follow(index);
    return followed instanceof Promise ? followed.then(() => this.#run(index)) : this.#run(index);
  }

  /** All of it, in pieces as they lie. @throws FILE_SYSTEM_DAMAGED */
  async ranges(): Promise<readonly ByteRange[]> {
    const ranges: ByteRange[] = [];
    for (let at = 0; at < this.sizeBytes; ) {
      const run = await this.runAt(at);
      ranges.push({ offsetBytes: run.volumeOffsetBytes!, lengthBytes: run.lengthBytes });
      at = run.startBytes + run.lengthBytes;
    }
    return ranges;
  }

  #follow(index: number): Awaitable<void> {
    if (this.#following !== undefined) return this.#following.then(() => this.#follow(index));
    while (this.#fault === undefined && this.#isNeeded(index)) {
      const next = this.#space.next(this.#last);
      if (next instanceof Promise) return this.#wait(next, index);
      this.#take(next);
    }
  }

  /** Two who read at once wait for the same link. */
  #wait(next: Promise<number>, index: number): Promise<void> {
    this.#following = next
      .then((cluster) => this.#take(cluster))
      .finally(() => (this.#following = undefined));
    return this.#following.then(() => this.#follow(index));
  }

  /** Up to what was asked for, and on while the run goes on. */
  #isNeeded(index: number): boolean {
    if (this.#known >= this.#wanted) return false;
    return this.#known <= index || (this.#isRunOpen && this.#known <= index + aheadClusters);
  }

  #take(next: number): void {
    if (next === 0) this.#fault = `it ends after ${this.#known} of ${this.#wanted} clusters`;
    else if (!isCluster(this.#space, next)) this.#fault = `cluster ${this.#last} leads nowhere`;
    else if (this.#watch.isCircle(next)) this.#fault = `it goes in a circle at cluster ${next}`;
    else if (this.#starts.length >= chainPiecesMax) this.#fault = 'it lies in too many pieces';
    else this.#append(next);
  }

  #append(cluster: number): void {
    this.#isRunOpen = this.#known > 0 && cluster === this.#last + 1;
    if (!this.#isRunOpen) {
      this.#starts.push(this.#known);
      this.#clusters.push(cluster);
      this.#isRunOpen = this.#known === 0;
    }
    this.#last = cluster;
    this.#known += 1;
  }

  #run(index: number): ContentRun {
    if (index >= this.#known) throw this.#damage();
    const at = lastAtOrBefore(this.#starts, index);
    const start = this.#starts[at]!;
    const end = this.#starts[at + 1] ?? this.#known;
    const { offsetBytes, lengthBytes } = clusterRange(
      this.#space,
      this.#clusters[at]!,
      end - start,
    );
    const startBytes = start * this.#space.clusterBytes;
    return { startBytes, lengthBytes, volumeOffsetBytes: offsetBytes };
  }

  #damage(): Error {
    const { kind, startBytes } = this.#space;
    const isLast = isCluster(this.#space, this.#last);
    const offsetBytes = isLast ? clusterRange(this.#space, this.#last, 1).offsetBytes : startBytes;
    const structure = `${this.#structure}, chain of clusters`;
    return damagedFileSystem({
      kind,
      structure,
      offsetBytes,
      reason: this.#fault ?? 'it ends early',
    });
  }
}

/** Index of the last number that is not above a limit; the first number is not. */
function lastAtOrBefore(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle;
    else high = middle;
  }
  return low;
}
