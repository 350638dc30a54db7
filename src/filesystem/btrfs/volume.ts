import type { SecondwindError } from '../../base/errors.ts';
import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { cannotLookInside } from '../refusals.ts';
import { VolumeCache } from '../volume-cache.ts';
import type { Chunk } from './chunk.ts';
import { ChunkMap } from './chunk-map.ts';
import { nodeFault, nodeGeneration, nodeOf, type TreeNode } from './node.ts';
import type { BtrfsSuperblock } from './superblock.ts';

/** Nodes whose good copy is known; forgotten all together when there are too many. */
const verifiedNodesMax = 65_536;

/** What is known of a node before it is read. */
export interface NodePlace {
  /** For errors: "tree 5, node". */
  readonly structure: string;
  /** Where it lies in the address space, bytes. */
  readonly logicalBytes: number;
  /** Levels below it. */
  readonly level: number;
  /** Generation that it must have; undefined where that is not known. */
  readonly generation?: number | undefined;
}

/** The device of a btrfs volume, its address space, and its cached nodes. */
export class BtrfsVolume {
  /** Content of files is read from here, past the cache. */
  readonly disk: ReadableDisk;
  readonly superblock: BtrfsSuperblock;
  /** Where the address space lies on the device. */
  readonly chunks: ChunkMap = new ChunkMap();
  readonly #cache: VolumeCache;
  /** Where the good copy of a node lies, bytes on the device. */
  readonly #verified = new Map<number, number>();

  /**
   * @param disk - what is read; stays its owner's
   * @param superblock - a superblock that was found good
   */
  constructor(disk: ReadableDisk, superblock: BtrfsSuperblock) {
    this.disk = disk;
    this.superblock = superblock;
    this.#cache = new VolumeCache(disk, 'btrfs');
  }

  /**
   * A node of a tree, from the first copy of it that is sound.
   * @throws FILE_SYSTEM_DAMAGED when none is, CANNOT_LOOK_INSIDE when it lies on other devices
   */
  node(place: NodePlace): Awaitable<TreeNode> {
    const { logicalBytes } = place;
    const verified = this.#verified.get(logicalBytes);
    if (verified === undefined) return this.#firstSound(place);
    const read = this.#bytes(place, verified);
    if (read instanceof Promise)
      return read.then((bytes) => this.#expected(place, bytes, verified));
    return this.#expected(place, read, verified);
  }

  #bytes({ structure }: NodePlace, offsetBytes: number): Awaitable<Uint8Array> {
    const lengthBytes = this.superblock.nodeBytes;
    return this.#cache.bytes({ structure, offsetBytes, lengthBytes });
  }

  async #firstSound(place: NodePlace): Promise<TreeNode> {
    const { structure, logicalBytes } = place;
    let firstFault: SecondwindError | undefined;
    for (const offsetBytes of this.copiesOf(logicalBytes, this.superblock.nodeBytes, structure)) {
      const bytes = await this.#bytes(place, offsetBytes);
      const fault = nodeFault(this.superblock, bytes, logicalBytes) ?? mismatch(place, bytes);
      if (fault === undefined) {
        if (this.#verified.size >= verifiedNodesMax) this.#verified.clear();
        this.#verified.set(logicalBytes, offsetBytes);
        return nodeOf(bytes, logicalBytes);
      }
      firstFault ??= this.damage({ structure, offsetBytes }, fault);
    }
    throw firstFault!;
  }

  /**
   * One address may be led to from two places that expect different things of it.
   * @throws FILE_SYSTEM_DAMAGED
   */
  #expected(place: NodePlace, bytes: Uint8Array, offsetBytes: number): TreeNode {
    const fault = mismatch(place, bytes);
    if (fault !== undefined) throw this.damage({ ...place, offsetBytes }, fault);
    return nodeOf(bytes, place.logicalBytes);
  }

  /**
   * What is wrong with each copy of a node.
   * @param place - the node
   * @returns where the copy lies on the device, bytes, and what is wrong with it; none for copies that are sound
   */
  async copyFaults(
    place: NodePlace,
  ): Promise<readonly { readonly offsetBytes: number; readonly reason: string }[]> {
    const faults: { offsetBytes: number; reason: string }[] = [];
    const { logicalBytes, structure } = place;
    for (const offsetBytes of this.copiesOf(logicalBytes, this.superblock.nodeBytes, structure)) {
      const bytes = await this.#bytes(place, offsetBytes);
      const reason = nodeFault(this.superblock, bytes, logicalBytes) ?? mismatch(place, bytes);
      if (reason !== undefined) faults.push({ offsetBytes, reason });
    }
    return faults;
  }

  /**
   * Where the copies of a span of the address space lie.
   * @param logicalBytes - start of the span
   * @param lengthBytes - its length; it must lie in one chunk
   * @param structure - for the error
   * @returns at least one, bytes on the device
   * @throws FILE_SYSTEM_DAMAGED when it lies in no chunk, CANNOT_LOOK_INSIDE when it lies on other devices
   */
  copiesOf(logicalBytes: number, lengthBytes: number, structure: string): readonly number[] {
    const chunk = this.chunks.at(logicalBytes);
    const skip = logicalBytes - (chunk?.logicalBytes ?? 0);
    if (chunk === undefined || skip + lengthBytes > chunk.lengthBytes)
      throw this.damage({ structure, offsetBytes: 0 }, `address ${logicalBytes} lies in no chunk`);
    const reason = closedBecause(chunk);
    if (reason !== undefined) throw cannotLookInside(structure, reason);
    const offsets = chunk.copies.map((copy) => copy + skip);
    const inside = offsets.filter((offset) => this.#isInside(offset, lengthBytes));
    if (inside.length > 0) return inside;
    throw this.damage(
      { structure, offsetBytes: 0 },
      `its place ${offsets[0]} is not on the volume`,
    );
  }

  #isInside(offsetBytes: number, lengthBytes: number): boolean {
    return offsetBytes >= 0 && offsetBytes + lengthBytes <= this.disk.sizeBytes;
  }

  /**
   * The error that a structure of this volume is damaged.
   * @param place - the structure and where it lies
   * @param reason - what is wrong
   */
  damage(
    place: { readonly structure: string; readonly offsetBytes: number },
    reason: string,
  ): SecondwindError {
    const { structure, offsetBytes } = place;
    return damagedFileSystem({ kind: 'btrfs', structure, offsetBytes, reason });
  }
}

function closedBecause({ closedBecause: reason, copies }: Chunk): string | undefined {
  return reason ?? (copies.length === 0 ? 'it lies on another device of the volume' : undefined);
}

function mismatch(place: NodePlace, bytes: Uint8Array): string | undefined {
  const node = nodeOf(bytes, place.logicalBytes);
  if (node.level !== place.level) return `its level is ${node.level} instead of ${place.level}`;
  const { generation } = place;
  if (generation === undefined || nodeGeneration(node) === generation) return undefined;
  return `it is of generation ${nodeGeneration(node)} instead of ${generation}`;
}
