import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { dosFlags } from '../dos-time.ts';
import { placesOfId } from '../entry-place.ts';
import type { EntryVolume, NamedNode, OnFinding } from '../entry-volume.ts';
import type {
  ByteRange,
  FileId,
  FileStatus,
  FileSystemSummary,
  Finding,
  RangeOwner,
} from '../file-system.ts';
import { mergeRanges } from '../merge-ranges.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { ExfatGeometry } from './boot-sector.ts';
import { decodeStream, entryBytes, entryType, timesOf } from './entry-set.ts';
import type { ExfatClusters } from './exfat-clusters.ts';
import { ExfatDirectory } from './exfat-directory.ts';
import { type ExfatNode, exfatNode } from './exfat-node.ts';
import type { RootEntries } from './root-entries.ts';

/** Identity of the root directory: no entry can lie in the boot sector. */
const rootId = '0';

/** What an exFAT volume is made of. */
export interface ExfatParts {
  readonly cache: VolumeCache;
  readonly geometry: ExfatGeometry;
  readonly clusters: ExfatClusters;
  readonly entries: RootEntries;
  readonly summary: FileSystemSummary;
}

/** An exFAT volume. A file is known by the place of its entry. */
export class ExfatVolume implements EntryVolume<ExfatNode> {
  readonly summary: FileSystemSummary;
  readonly rootNode: ExfatNode;
  readonly #parts: ExfatParts;

  /** @param parts - see ExfatParts */
  constructor(parts: ExfatParts) {
    this.#parts = parts;
    this.summary = parts.summary;
    this.rootNode = exfatRoot(parts.geometry);
  }

  /** @inheritdoc */
  nodeOf(id: FileId): Awaitable<ExfatNode | undefined> {
    const [file, told] = placesOfId(id) ?? [];
    if (file === undefined) return undefined;
    const behind = told ?? file + entryBytes;
    if (!this.#mayHoldEntry(file) || !this.#mayHoldEntry(behind)) return undefined;
    return andThen(this.#entryAt(file), (entry) =>
      andThen(this.#entryAt(behind), (second) => {
        const isFile = entry[0] === entryType.file && second[0] === entryType.stream;
        return isFile ? exfatNode(entry, decodeStream(second), [file, behind]) : undefined;
      }),
    );
  }

  /** @inheritdoc */
  async *children(
    directory: ExfatNode,
    onFinding: OnFinding,
  ): AsyncGenerator<readonly NamedNode<ExfatNode>[]> {
    const decoder = new ExfatDirectory(onFinding);
    const structure = `directory ${directory.id}`;
    for await (const piece of this.#parts.clusters.directoryPieces(directory.stream, structure)) {
      const bytes = await this.#parts.cache.bytes({ ...piece, structure });
      yield decoder.entriesOf(bytes, piece.offsetBytes);
      if (decoder.hasEnded) return;
    }
  }

  /** @inheritdoc */
  folded(name: string): string {
    return this.#parts.entries.upCase.folded(name);
  }

  /** @inheritdoc */
  status(node: ExfatNode): Awaitable<FileStatus> {
    if (node.id !== rootId) return this.#status(node, node.stream.sizeBytes);
    return this.#rootBytes().then((sizeBytes) => this.#status(node, sizeBytes));
  }

  /** @inheritdoc */
  open(node: ExfatNode): ReadableDisk {
    return this.#parts.clusters.open(node.stream, `file ${node.id}`);
  }

  /** exFAT has no links. */
  linkTarget(): undefined {
    return undefined;
  }

  /** @inheritdoc */
  async ranges(node: ExfatNode): Promise<readonly ByteRange[]> {
    const own = node.places.map((offsetBytes) => ({ offsetBytes, lengthBytes: entryBytes }));
    const { clusters } = this.#parts;
    if (node.id === rootId) return Array.fromAsync(clusters.directoryPieces(node.stream, 'root'));
    return [...own, ...(await clusters.ranges(node.stream, `file ${node.id}`))];
  }

  /** @inheritdoc */
  systemRanges(): readonly RangeOwner[] {
    const lengthBytes = this.#parts.geometry.heapStartBytes;
    const boot = { offsetBytes: 0, lengthBytes, use: 'boot sectors and file allocation table' };
    return [boot, ...this.#parts.entries.ranges];
  }

  /** @inheritdoc */
  allocated(): AsyncGenerator<readonly ByteRange[]> {
    return mergeRanges(this.#used());
  }

  /** @inheritdoc */
  async *inspect(): AsyncGenerator<Finding> {
    yield* this.#parts.entries.findings;
  }

  async *#used(): AsyncGenerator<ByteRange> {
    const { geometry, entries, cache } = this.#parts;
    yield { offsetBytes: 0, lengthBytes: geometry.heapStartBytes };
    if (entries.bitmap !== undefined) yield* entries.bitmap.used();
    else yield { offsetBytes: 0, lengthBytes: cache.sizeBytes };
  }

  async #rootBytes(): Promise<number> {
    let bytes = 0;
    const { clusters } = this.#parts;
    for await (const piece of clusters.directoryPieces(this.rootNode.stream, 'root')) {
      bytes += piece.lengthBytes;
    }
    return bytes;
  }

  #status({ id, kind, entry }: ExfatNode, sizeBytes: number): FileStatus {
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
      flags: entry.length === 0 ? [] : dosFlags(entry[4]!),
    };
  }

  #entryAt(offsetBytes: number): Awaitable<Uint8Array> {
    const structure = `entry ${offsetBytes}`;
    return this.#parts.cache.bytes({ offsetBytes, lengthBytes: entryBytes, structure });
  }

  #mayHoldEntry(offsetBytes: number): boolean {
    const { heapStartBytes, clusterBytes, clusterCount } = this.#parts.geometry;
    const end = heapStartBytes + clusterCount * clusterBytes;
    return offsetBytes >= heapStartBytes && offsetBytes < end && offsetBytes % entryBytes === 0;
  }
}

/**
 * The root directory has no entry, so nobody says how long it is: as long as its chain.
 * @param geometry - says where it begins
 */
export function exfatRoot({ rootCluster }: ExfatGeometry): ExfatNode {
  const stream = {
    nameLength: 0,
    isContiguous: false,
    firstCluster: rootCluster,
    sizeBytes: Infinity,
    validBytes: Infinity,
  };
  const entry = new Uint8Array(0);
  return { id: rootId, kind: 'directory', contentKey: rootCluster, entry, places: [], stream };
}
