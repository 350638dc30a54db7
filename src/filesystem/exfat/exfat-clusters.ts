import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { ClusterChain } from '../cluster-chain.ts';
import { type ClusterSpace, clusterRange, isCluster } from '../cluster-space.ts';
import { damagedFileSystem } from '../damage.ts';
import type { ByteRange } from '../file-system.ts';
import { followClusters } from '../follow-clusters.ts';
import { u32le } from '../integers.ts';
import { exfatDirectoryBytesMax, metadataPageBytes } from '../limits.ts';
import { type ContentMap, MappedContent } from '../mapped-content.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { ExfatGeometry } from './boot-sector.ts';
import { ContiguousContent } from './contiguous-content.ts';
import type { StreamEntry } from './entry-set.ts';
import { ValidContent } from './valid-content.ts';

/** Where the content of files lies. */
export class ExfatClusters implements ClusterSpace {
  readonly kind = 'exfat';
  readonly startBytes: number;
  readonly clusterBytes: number;
  readonly clusterCount: number;
  readonly #disk: ReadableDisk;
  readonly #cache: VolumeCache;
  readonly #tableStartBytes: number;

  /**
   * @param disk - the volume
   * @param cache - of its metadata
   * @param geometry - its layout
   */
  constructor(disk: ReadableDisk, cache: VolumeCache, geometry: ExfatGeometry) {
    this.#disk = disk;
    this.#cache = cache;
    this.#tableStartBytes = geometry.tableStartBytes;
    this.startBytes = geometry.heapStartBytes;
    this.clusterBytes = geometry.clusterBytes;
    this.clusterCount = geometry.clusterCount;
  }

  /** @inheritdoc */
  next(cluster: number): Awaitable<number> {
    const offsetBytes = this.#tableStartBytes + cluster * 4;
    const place = { offsetBytes, lengthBytes: 4, structure: 'file allocation table' };
    return andThen(this.#cache.bytes(place), (bytes) => {
      const link = u32le(bytes, 0);
      if (link === 0xffffffff) return 0;
      return isCluster(this, link) ? link : -1;
    });
  }

  /**
   * Opens a content.
   * @param stream - what its entry says
   * @param structure - whose it is, for errors
   * @throws FILE_SYSTEM_DAMAGED
   */
  open(stream: StreamEntry, structure: string): ReadableDisk {
    const validBytes = Math.min(stream.validBytes, stream.sizeBytes);
    const map = this.#map(stream, structure);
    const isAllValid = validBytes === stream.sizeBytes;
    return new MappedContent(this.#disk, isAllValid ? map : new ValidContent(map, validBytes));
  }

  /**
   * Where a content lies, whole clusters.
   * @param stream - what its entry says
   * @param structure - whose it is, for errors
   * @throws FILE_SYSTEM_DAMAGED
   */
  async ranges(stream: StreamEntry, structure: string): Promise<readonly ByteRange[]> {
    if (stream.sizeBytes === 0) return [];
    const map = this.#map(stream, structure);
    if (map instanceof ClusterChain) return map.ranges();
    return [clusterRange(this, stream.firstCluster, this.#countOf(stream))];
  }

  /**
   * Where a directory lies, in pieces that the cache can hold.
   * @param stream - what its entry says; of the root a size of Infinity, because it has none
   * @param structure - whose it is, for errors
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *directoryPieces(stream: StreamEntry, structure: string): AsyncGenerator<ByteRange> {
    if (stream.sizeBytes === 0) return;
    const bytesMax = Math.min(exfatDirectoryBytesMax, stream.sizeBytes);
    if (stream.isContiguous) {
      this.#map(stream, structure);
      yield* pieces(clusterRange(this, stream.firstCluster, this.#countOf(stream)));
      return;
    }
    for await (const cluster of followClusters(this, stream.firstCluster, {
      structure,
      bytesMax,
    })) {
      yield* pieces(clusterRange(this, cluster, 1));
    }
  }

  #map(stream: StreamEntry, structure: string): ContentMap {
    const { firstCluster, sizeBytes, isContiguous } = stream;
    const isTrue = Number.isSafeInteger(sizeBytes) && this.#countOf(stream) <= this.clusterCount;
    if (!isTrue) throw this.#damage(structure, `it would be ${sizeBytes} bytes long`);
    if (!isContiguous || sizeBytes === 0) {
      return new ClusterChain(this, { first: firstCluster, sizeBytes, structure });
    }
    const last = firstCluster + this.#countOf(stream) - 1;
    if (!isCluster(this, firstCluster) || !isCluster(this, last)) {
      throw this.#damage(structure, `it would lie in clusters ${firstCluster} to ${last}`);
    }
    return new ContiguousContent(clusterRange(this, firstCluster, 1).offsetBytes, sizeBytes);
  }

  #countOf({ sizeBytes }: StreamEntry): number {
    return Math.ceil(sizeBytes / this.clusterBytes);
  }

  #damage(structure: string, reason: string): Error {
    return damagedFileSystem({ kind: 'exfat', structure, offsetBytes: this.startBytes, reason });
  }
}

function* pieces({ offsetBytes, lengthBytes }: ByteRange): Generator<ByteRange> {
  for (let done = 0; done < lengthBytes; done += metadataPageBytes) {
    const length = Math.min(metadataPageBytes, lengthBytes - done);
    yield { offsetBytes: offsetBytes + done, lengthBytes: length };
  }
}
