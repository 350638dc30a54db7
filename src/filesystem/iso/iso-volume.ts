import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
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
import { MappedContent } from '../mapped-content.ts';
import { decodeName } from '../name-text.ts';
import { cannotLookInside } from '../refusals.ts';
import { IsoContent } from './iso-content.ts';
import type { IsoNode } from './iso-node.ts';
import type { IsoRecords, IsoTree } from './iso-records.ts';
import { firstDescriptorSector, sectorBytes } from './volume-descriptor.ts';

/** What a volume is made of. */
export interface IsoParts {
  readonly disk: ReadableDisk;
  readonly tree: IsoTree;
  readonly records: IsoRecords;
  readonly rootNode: IsoNode;
  readonly summary: FileSystemSummary;
}

const noFlags: readonly string[] = [];
const hiddenFlags: readonly string[] = ['hidden'];

/** An ISO 9660 volume. A file is known by the place of its record. */
export class IsoVolume implements EntryVolume<IsoNode> {
  readonly summary: FileSystemSummary;
  readonly rootNode: IsoNode;
  readonly #parts: IsoParts;

  /** @param parts - see IsoParts */
  constructor(parts: IsoParts) {
    this.#parts = parts;
    this.summary = parts.summary;
    this.rootNode = parts.rootNode;
  }

  /** @inheritdoc */
  nodeOf(id: FileId): Awaitable<IsoNode | undefined> {
    const [offsetBytes, ...others] = placesOfId(id) ?? [];
    if (offsetBytes === undefined || others.length > 0) return undefined;
    return this.#parts.records.nodeAt(offsetBytes);
  }

  /** @inheritdoc */
  children(
    directory: IsoNode,
    onFinding: OnFinding,
  ): AsyncGenerator<readonly NamedNode<IsoNode>[]> {
    return this.#parts.records.children(directory, onFinding);
  }

  /** Unix tells upper from lower case, Windows does not. */
  folded(name: string): string {
    return this.#parts.tree.naming === 'Rock Ridge' ? name : name.toUpperCase();
  }

  /** @inheritdoc */
  status(node: IsoNode): FileStatus {
    const { id, kind, record, rockRidge } = node;
    const contentBytes = node.extents.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
    const { blockBytes } = this.#parts.tree;
    return {
      id,
      kind,
      generation: 0,
      sizeBytes: kind === 'link' ? (rockRidge?.target?.length ?? 0) : contentBytes,
      allocatedBytes: Math.ceil(contentBytes / blockBytes) * blockBytes,
      linkCount: rockRidge?.linkCount ?? 1,
      mode: rockRidge?.mode === undefined ? undefined : rockRidge.mode & 0o7777,
      uid: rockRidge?.uid,
      gid: rockRidge?.gid,
      modifiedMicros: rockRidge?.modifiedMicros ?? record.recordedMicros,
      changedMicros: rockRidge?.changedMicros,
      accessedMicros: rockRidge?.accessedMicros,
      createdMicros: rockRidge?.createdMicros,
      device: rockRidge?.device,
      flags: record.isHidden ? hiddenFlags : noFlags,
    };
  }

  /** @inheritdoc */
  open(node: IsoNode): ReadableDisk {
    const { id, record, rockRidge } = node;
    const spread = record.isInterleaved ? 'its blocks are spread between others' : undefined;
    const refusal = rockRidge?.refusal ?? spread;
    if (refusal !== undefined) throw cannotLookInside(`file ${id}`, refusal);
    return new MappedContent(this.#parts.disk, this.#content(node));
  }

  /** @inheritdoc */
  linkTarget({ kind, rockRidge }: IsoNode): string | undefined {
    return kind === 'link' ? decodeName(Uint8Array.from(rockRidge?.target ?? [])) : undefined;
  }

  /** @inheritdoc */
  async ranges(node: IsoNode): Promise<readonly ByteRange[]> {
    const { offsetBytes, recordsBytes } = node;
    return [{ offsetBytes, lengthBytes: recordsBytes }, ...this.#content(node).ranges];
  }

  /** @inheritdoc */
  systemRanges(): readonly RangeOwner[] {
    const lengthBytes = firstDescriptorSector * sectorBytes;
    const descriptors = { offsetBytes: lengthBytes, lengthBytes: sectorBytes };
    return [
      { offsetBytes: 0, lengthBytes, use: 'system area' },
      { ...descriptors, use: 'volume descriptor' },
    ];
  }

  /** A disc is never written again, and does not say what of it is free: all of it counts. */
  async *allocated(): AsyncGenerator<readonly ByteRange[]> {
    yield [{ offsetBytes: 0, lengthBytes: this.#parts.disk.sizeBytes }];
  }

  /** Nothing is written twice that could be compared. */
  async *inspect(): AsyncGenerator<Finding> {}

  #content(node: IsoNode): IsoContent {
    const volumeBytes = this.#parts.disk.sizeBytes;
    return new IsoContent(node, { blockBytes: this.#parts.tree.blockBytes, volumeBytes });
  }
}
