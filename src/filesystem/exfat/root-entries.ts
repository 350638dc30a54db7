import { findingOf } from '../damage.ts';
import type { ByteRange, Finding } from '../file-system.ts';
import { u16le, u32le, u64le } from '../integers.ts';
import type { VolumeCache } from '../volume-cache.ts';
import { AllocationBitmap } from './allocation-bitmap.ts';
import type { ExfatGeometry } from './boot-sector.ts';
import { entryBytes, entryType, type StreamEntry } from './entry-set.ts';
import type { ExfatClusters } from './exfat-clusters.ts';
import { UpCaseTable, upCaseBytesMax, upCaseChecksum } from './up-case-table.ts';

/** What the root directory says of the volume besides its files. */
export interface RootEntries {
  /** Name that people gave it; empty when none. */
  readonly label: string;
  /** Which clusters are in use; undefined when that cannot be read. */
  readonly bitmap?: AllocationBitmap | undefined;
  /** How names are compared. */
  readonly upCase: UpCaseTable;
  /** Where bitmap and table lie. */
  readonly ranges: readonly (ByteRange & { readonly use: string })[];
  /** What is wrong with them. */
  readonly findings: readonly Finding[];
}

/** Labels are at most this many units. */
const labelUnitsMax = 11;

/** Reads the entries of the root directory that describe the volume. */
export class RootReader {
  readonly #clusters: ExfatClusters;
  readonly #cache: VolumeCache;
  readonly #geometry: ExfatGeometry;
  readonly #findings: Finding[] = [];
  readonly #ranges: (ByteRange & { use: string })[] = [];

  /**
   * @param clusters - of the volume
   * @param cache - of its metadata
   * @param geometry - its layout
   */
  constructor(clusters: ExfatClusters, cache: VolumeCache, geometry: ExfatGeometry) {
    this.#clusters = clusters;
    this.#cache = cache;
    this.#geometry = geometry;
  }

  /**
   * Reads them; they stand at the beginning of the root directory.
   * @param root - content of the root directory
   * @throws FILE_SYSTEM_DAMAGED when the root directory cannot be read at all
   */
  async read(root: StreamEntry): Promise<RootEntries> {
    let label = '';
    let bitmap: AllocationBitmap | undefined;
    let upCase: UpCaseTable | undefined;
    for await (const entry of this.#entries(root)) {
      if (entry[0] === entryType.label) label = labelOf(entry);
      if (entry[0] === entryType.bitmap && (entry[1]! & 1) === 0)
        bitmap ??= await this.#bitmap(entry);
      if (entry[0] === entryType.upCase) upCase ??= await this.#upCase(entry);
    }
    if (bitmap === undefined) this.#finding('allocation bitmap', 'it cannot be read');
    if (upCase === undefined) this.#finding('up-case table', 'it cannot be read');
    const [ranges, findings] = [this.#ranges, this.#findings];
    return { label, bitmap, upCase: upCase ?? UpCaseTable.ascii(), ranges, findings };
  }

  async *#entries(root: StreamEntry): AsyncGenerator<Uint8Array> {
    const structure = 'root directory';
    for await (const piece of this.#clusters.directoryPieces(root, structure)) {
      const bytes = await this.#cache.bytes({ ...piece, structure });
      for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
        if (bytes[at] === 0) return;
        yield bytes.subarray(at, at + entryBytes);
      }
    }
  }

  async #bitmap(entry: Uint8Array): Promise<AllocationBitmap | undefined> {
    const stream = streamOf(entry);
    if (stream.sizeBytes < Math.ceil(this.#geometry.clusterCount / 8)) return undefined;
    if (!(await this.#claim(stream, 'allocation bitmap'))) return undefined;
    const content = this.#clusters.open(stream, 'allocation bitmap');
    return new AllocationBitmap(content, this.#geometry);
  }

  async #upCase(entry: Uint8Array): Promise<UpCaseTable | undefined> {
    const stream = streamOf(entry);
    if (stream.sizeBytes > upCaseBytesMax || stream.sizeBytes === 0) return undefined;
    if (!(await this.#claim(stream, 'up-case table'))) return undefined;
    const bytes = new Uint8Array(stream.sizeBytes);
    await this.#clusters.open(stream, 'up-case table').read(bytes, 0);
    if (upCaseChecksum(bytes) === u32le(entry, 4)) return UpCaseTable.decode(bytes);
    this.#finding(
      'up-case table',
      'its checksum does not fit: only ASCII letters are compared without case',
    );
    return UpCaseTable.ascii();
  }

  /** Notes where it lies, which follows all of its chain. */
  async #claim(stream: StreamEntry, use: string): Promise<boolean> {
    try {
      for (const range of await this.#clusters.ranges(stream, use))
        this.#ranges.push({ ...range, use });
      return true;
    } catch (error) {
      this.#findings.push(findingOf(error, use));
      return false;
    }
  }

  #finding(structure: string, reason: string): void {
    this.#findings.push({ severity: 'damage', structure, reason });
  }
}

/** Bitmap and table have a first cluster at 20 and a length at 24, as a stream has, and are linked. */
function streamOf(entry: Uint8Array): StreamEntry {
  const sizeBytes = u64le(entry, 24);
  const firstCluster = u32le(entry, 20);
  return { nameLength: 0, isContiguous: false, firstCluster, sizeBytes, validBytes: sizeBytes };
}

function labelOf(entry: Uint8Array): string {
  let label = '';
  const length = Math.min(entry[1]!, labelUnitsMax);
  for (let unit = 0; unit < length; unit += 1)
    label += String.fromCharCode(u16le(entry, 2 + unit * 2));
  return label;
}
