import { damagedFileSystem } from '../damage.ts';
import type { NamedNode, OnFinding } from '../entry-volume.ts';
import { isoContinuationsMax, isoDirectoryBytesMax, isoExtentsMax } from '../limits.ts';
import type { VolumeCache } from '../volume-cache.ts';
import { type DirectoryRecord, decodeRecord } from './directory-record.ts';
import { type IsoNaming, isoName } from './iso-names.ts';
import { type IsoNode, isoKind } from './iso-node.ts';
import { emptyRockRidge, type RockRidge, takeEntries } from './rock-ridge.ts';
import { sectorBytes } from './volume-descriptor.ts';

/** How the records of a disc are to be read. */
export interface IsoTree {
  readonly cache: VolumeCache;
  readonly blockBytes: number;
  readonly naming: IsoNaming;
  /** Bytes of other extensions in front of those of Rock Ridge. */
  readonly skipBytes: number;
}

/** A record where it was met. */
interface PlacedRecord {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly record: DirectoryRecord;
}

/** Longest continuation of the entries of a record, bytes. */
const continuationBytesMax = 8192;

/** Reads the records of directories. */
export class IsoRecords {
  readonly #tree: IsoTree;

  /** @param tree - see IsoTree */
  constructor(tree: IsoTree) {
    this.#tree = tree;
  }

  /**
   * The files of a directory.
   * @param directory - node of a directory
   * @param onFinding - hears of records that are broken
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *children(
    directory: IsoNode,
    onFinding: OnFinding,
  ): AsyncGenerator<readonly NamedNode<IsoNode>[]> {
    const { id, extents } = directory;
    for (const { block, lengthBytes } of extents) {
      const start = block * this.#tree.blockBytes;
      if (lengthBytes > isoDirectoryBytesMax) throw this.#damage(id, start, 'it is too long');
      const named: NamedNode<IsoNode>[] = [];
      for await (const group of this.#files(start, start + lengthBytes, onFinding)) {
        const node = await this.node(group);
        const child = this.#named(node, onFinding);
        if (child !== undefined) named.push(child);
        if (named.length >= 1024) yield named.splice(0);
      }
      yield named;
    }
  }

  /**
   * The file whose first record lies at an offset.
   * @param offsetBytes - hostile
   * @returns undefined when there can be none
   * @throws FILE_SYSTEM_DAMAGED
   */
  async nodeAt(offsetBytes: number): Promise<IsoNode | undefined> {
    const end = this.#tree.cache.sizeBytes;
    if (offsetBytes + sectorBytes > end) return undefined;
    for await (const group of this.#files(offsetBytes, end, () => undefined)) {
      return group[0]!.offsetBytes === offsetBytes ? this.node(group) : undefined;
    }
    return undefined;
  }

  /**
   * Makes a node of the records of one file.
   * @param group - at least one
   * @throws FILE_SYSTEM_DAMAGED
   */
  async node(group: readonly PlacedRecord[]): Promise<IsoNode> {
    const { record, offsetBytes } = group[0]!;
    const rockRidge = await this.#rockRidge(record);
    const child = rockRidge?.childBlock;
    const moved = child === undefined ? undefined : await this.#recordAt(child);
    const records = moved === undefined ? group.map((placed) => placed.record) : [moved];
    const isDirectory = moved !== undefined || record.isDirectory;
    return {
      id: String(offsetBytes),
      kind: isoKind(isDirectory, rockRidge?.mode),
      contentKey: records[0]!.block,
      record,
      offsetBytes,
      recordsBytes: group.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
      extents: records
        .filter(({ sizeBytes }) => sizeBytes > 0)
        .map(({ block, sizeBytes }) => ({ block, lengthBytes: sizeBytes })),
      rockRidge: moved === undefined ? rockRidge : await this.#movedRockRidge(moved, rockRidge!),
    };
  }

  /** Records from an offset on, those of one file together. A record never crosses a sector. */
  async *#files(
    start: number,
    end: number,
    onFinding: OnFinding,
  ): AsyncGenerator<readonly PlacedRecord[]> {
    let group: PlacedRecord[] = [];
    for (let at = start; at < end; ) {
      const sectorEnd = Math.min(end, Math.floor(at / sectorBytes) * sectorBytes + sectorBytes);
      const place = { offsetBytes: at, lengthBytes: sectorEnd - at, structure: 'directory' };
      const found = this.#tree.cache.bytes(place);
      const bytes = found instanceof Promise ? await found : found;
      const record = decodeRecord(bytes);
      if (record === undefined) {
        if (bytes[0] !== 0) onFinding(brokenRecord(at));
        group = [];
        at = sectorEnd;
        continue;
      }
      group.push({ offsetBytes: at, lengthBytes: bytes[0]!, record });
      if (!record.hasMore || group.length >= isoExtentsMax) {
        yield group;
        group = [];
      }
      at += bytes[0]!;
    }
  }

  #named(node: IsoNode, onFinding: OnFinding): NamedNode<IsoNode> | undefined {
    const { record, rockRidge } = node;
    const isSelf = record.name.length === 1 && record.name[0]! <= 1;
    const isHidden = record.isAssociated || rockRidge?.isMoved === true;
    if (isSelf || isHidden || rockRidge?.isSpecialName === true) return undefined;
    const name = isoName(this.#tree.naming, record.name, rockRidge);
    if (name !== '' && name !== '.' && name !== '..') return { name, node };
    onFinding(brokenRecord(node.offsetBytes));
    return undefined;
  }

  /** A moved directory describes itself, but its name stands where it came from. */
  async #movedRockRidge(moved: DirectoryRecord, placeholder: RockRidge): Promise<RockRidge> {
    const own = (await this.#rockRidge(moved)) ?? placeholder;
    const { name, isSpecialName } = placeholder;
    return { ...own, name, isSpecialName, isMoved: false };
  }

  async #rockRidge(record: DirectoryRecord): Promise<RockRidge | undefined> {
    const { naming, skipBytes, cache, blockBytes } = this.#tree;
    if (naming !== 'Rock Ridge') return undefined;
    const known = emptyRockRidge();
    takeEntries(known, record.systemUse.subarray(skipBytes));
    for (
      let count = 0;
      known.continuation !== undefined && count < isoContinuationsMax;
      count += 1
    ) {
      const { block, offsetBytes, lengthBytes } = known.continuation;
      takeEntries(
        known,
        await cache.bytes({
          offsetBytes: block * blockBytes + offsetBytes,
          lengthBytes: Math.min(lengthBytes, continuationBytesMax),
          structure: 'continuation of a record',
        }),
      );
    }
    return known;
  }

  /** The record of a directory about itself, its first one. */
  async #recordAt(block: number): Promise<DirectoryRecord> {
    const offsetBytes = block * this.#tree.blockBytes;
    const place = { offsetBytes, lengthBytes: sectorBytes, structure: 'moved directory' };
    const record = decodeRecord(await this.#tree.cache.bytes(place));
    if (record?.isDirectory !== true) throw this.#damage('', offsetBytes, 'it is no directory');
    return record;
  }

  #damage(id: string, offsetBytes: number, reason: string): Error {
    const structure = id === '' ? 'moved directory' : `directory ${id}`;
    return damagedFileSystem({ kind: 'iso9660', structure, offsetBytes, reason });
  }
}

function brokenRecord(offsetBytes: number): Parameters<OnFinding>[0] {
  const structure = `directory record at ${offsetBytes}`;
  return { severity: 'damage', structure, offsetBytes, reason: 'it contradicts itself' };
}
