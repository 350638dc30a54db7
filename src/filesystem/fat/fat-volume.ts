import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { ClusterChain } from '../cluster-chain.ts';
import { type ClusterSpace, clusterRange } from '../cluster-space.ts';
import { dosFlags } from '../dos-time.ts';
import { placesOfId } from '../entry-place.ts';
import type { EntryVolume, NamedNode } from '../entry-volume.ts';
import type {
  ByteRange,
  FileId,
  FileStatus,
  FileSystemSummary,
  Finding,
  RangeOwner,
} from '../file-system.ts';
import { followClusters } from '../follow-clusters.ts';
import { fatDirectoryBytesMax, metadataPageBytes } from '../limits.ts';
import { MappedContent } from '../mapped-content.ts';
import { mergeRanges } from '../merge-ranges.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { FatGeometry } from './boot-sector.ts';
import {
  attribute,
  entryBytes,
  firstCluster,
  isFileEntry,
  sizeOf,
  timesOf,
} from './directory-entry.ts';
import { FatClusters } from './fat-clusters.ts';
import { FatDirectory } from './fat-directory.ts';
import type { FatNode } from './fat-node.ts';

/** Identity of the root directory: no entry can lie in the boot sector. */
const rootId = '0';

/** What a FAT volume is made of. */
export interface FatParts {
  readonly disk: ReadableDisk;
  readonly cache: VolumeCache;
  readonly geometry: FatGeometry;
  readonly space: ClusterSpace;
  readonly summary: FileSystemSummary;
}

/** A FAT12, FAT16 or FAT32 volume. A file is known by the place of its entry. */
export class FatVolume implements EntryVolume<FatNode> {
  readonly summary: FileSystemSummary;
  readonly rootNode: FatNode;
  readonly #parts: FatParts;

  /** @param parts - see FatParts */
  constructor(parts: FatParts) {
    this.#parts = parts;
    this.summary = parts.summary;
    this.rootNode = fatRoot(parts.geometry);
  }

  /** @inheritdoc */
  nodeOf(id: FileId): Awaitable<FatNode | undefined> {
    const [offsetBytes, ...others] = placesOfId(id) ?? [];
    if (offsetBytes === undefined || others.length > 0 || !this.#mayHoldEntry(offsetBytes)) {
      return undefined;
    }
    const place = { offsetBytes, lengthBytes: entryBytes, structure: `entry ${id}` };
    return andThen(this.#parts.cache.bytes(place), (entry) =>
      isFileEntry(entry) && entry[0] !== 0x2e ? this.#node(entry, offsetBytes) : undefined,
    );
  }

  /** @inheritdoc */
  async *children(directory: FatNode): AsyncGenerator<readonly NamedNode<FatNode>[]> {
    const decoder = new FatDirectory((entry, offsetBytes) => this.#node(entry, offsetBytes));
    for await (const { offsetBytes, lengthBytes } of this.#pieces(directory)) {
      const structure = `directory ${directory.id}`;
      const bytes = await this.#parts.cache.bytes({ offsetBytes, lengthBytes, structure });
      yield decoder.entriesOf(bytes, offsetBytes);
      if (decoder.hasEnded) return;
    }
  }

  /** @inheritdoc */
  folded(name: string): string {
    return name.toUpperCase();
  }

  /** @inheritdoc */
  status(node: FatNode): Awaitable<FileStatus> {
    if (node.kind === 'file') return this.#status(node, sizeOf(node.entry));
    return this.#directoryBytes(node).then((sizeBytes) => this.#status(node, sizeBytes));
  }

  /** @inheritdoc */
  open(node: FatNode): ReadableDisk {
    return new MappedContent(this.#parts.disk, this.#chain(node));
  }

  /** FAT has no links. */
  linkTarget(): undefined {
    return undefined;
  }

  /** @inheritdoc */
  async ranges(node: FatNode): Promise<readonly ByteRange[]> {
    const own = node.entry.length === 0 ? [] : [rangeOf(node.offsetBytes, entryBytes)];
    if (node.kind === 'file') return [...own, ...(await this.#chain(node).ranges())];
    return [...own, ...(await Array.fromAsync(this.#pieces(node)))];
  }

  /** @inheritdoc */
  systemRanges(): readonly RangeOwner[] {
    const { tableBytesStart, rootStartBytes } = this.#parts.geometry;
    return [
      { ...rangeOf(0, tableBytesStart), use: 'boot sectors' },
      {
        ...rangeOf(tableBytesStart, rootStartBytes - tableBytesStart),
        use: 'file allocation table',
      },
    ];
  }

  /** @inheritdoc */
  allocated(): AsyncGenerator<readonly ByteRange[]> {
    const { cache, geometry } = this.#parts;
    return mergeRanges(usedFrom(new FatClusters(cache, geometry), geometry.dataStartBytes));
  }

  /** @inheritdoc */
  async *inspect(): AsyncGenerator<Finding> {
    const { cache, geometry } = this.#parts;
    const { activeTable, isMirrored, tableCount } = geometry;
    for (let copy = 0; isMirrored && copy < tableCount; copy += 1) {
      if (copy === activeTable) continue;
      for await (const cluster of new FatClusters(cache, geometry).differences(copy)) {
        const structure = `file allocation table ${copy + 1}`;
        const reason = `it differs from the one in force, behind cluster ${cluster}`;
        yield { severity: 'note', structure, reason };
      }
    }
  }

  /** Where a directory lies: the root of FAT12 and FAT16 before the clusters, everything else in them. */
  async *#pieces(directory: FatNode): AsyncGenerator<ByteRange> {
    const { geometry, space } = this.#parts;
    const { rootStartBytes, dataStartBytes } = geometry;
    if (directory.id === rootId && geometry.entryBits !== 32) {
      for (let at = rootStartBytes; at < dataStartBytes; at += metadataPageBytes) {
        yield rangeOf(at, Math.min(metadataPageBytes, dataStartBytes - at));
      }
      return;
    }
    const limit = { structure: `directory ${directory.id}`, bytesMax: fatDirectoryBytesMax };
    for await (const cluster of followClusters(space, directory.firstCluster, limit)) {
      yield clusterRange(space, cluster, 1);
    }
  }

  async #directoryBytes(directory: FatNode): Promise<number> {
    let bytes = 0;
    for await (const { lengthBytes } of this.#pieces(directory)) bytes += lengthBytes;
    return bytes;
  }

  #status(node: FatNode, sizeBytes: number): FileStatus {
    const { id, kind, entry } = node;
    const { clusterBytes } = this.#parts.geometry;
    const times = entry.length === 0 ? { modifiedMicros: 0 } : timesOf(entry);
    return {
      id,
      kind,
      generation: 0,
      sizeBytes,
      allocatedBytes: Math.ceil(sizeBytes / clusterBytes) * clusterBytes,
      linkCount: 1,
      ...times,
      flags: entry.length === 0 ? [] : dosFlags(entry[11]!),
    };
  }

  #chain(node: FatNode): ClusterChain {
    const structure = `file ${node.id}`;
    const start = { first: node.firstCluster, sizeBytes: sizeOf(node.entry), structure };
    return new ClusterChain(this.#parts.space, start);
  }

  #node(entry: Uint8Array, offsetBytes: number): FatNode {
    const first = firstCluster(entry, this.#parts.geometry.entryBits === 32);
    const isDirectory = (entry[11]! & attribute.directory) !== 0;
    return {
      id: String(offsetBytes),
      kind: isDirectory ? 'directory' : 'file',
      contentKey: first,
      firstCluster: first,
      offsetBytes,
      entry,
    };
  }

  #mayHoldEntry(offsetBytes: number): boolean {
    const { rootStartBytes, dataStartBytes, clusterCount, clusterBytes } = this.#parts.geometry;
    const end = dataStartBytes + clusterCount * clusterBytes;
    return offsetBytes >= rootStartBytes && offsetBytes < end && offsetBytes % entryBytes === 0;
  }
}

function fatRoot({ rootCluster }: FatGeometry): FatNode {
  return {
    id: rootId,
    kind: 'directory',
    contentKey: rootCluster,
    firstCluster: rootCluster,
    offsetBytes: 0,
    entry: new Uint8Array(0),
  };
}

function rangeOf(offsetBytes: number, lengthBytes: number): ByteRange {
  return { offsetBytes, lengthBytes };
}

/** Everything before the clusters is always in use. */
async function* usedFrom(clusters: FatClusters, dataStartBytes: number): AsyncGenerator<ByteRange> {
  yield rangeOf(0, dataStartBytes);
  yield* clusters.used();
}
