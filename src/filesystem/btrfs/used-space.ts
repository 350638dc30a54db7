import { findingOf } from '../damage.ts';
import type { ByteRange } from '../file-system.ts';
import type { Chunk } from './chunk.ts';
import type { Forest } from './forest.ts';
import { itemTypes, type Key, objects } from './key.ts';
import { nodeKey } from './node.ts';
import { superblockBytes, superblockOffsets } from './superblock.ts';
import type { LeafItems } from './tree.ts';

/** Space that btrfs never gives to chunks, for boot loaders. */
const reservedBytes = 1024 * 1024;
/** Ranges gathered before a batch is given out. */
const batchRanges = 4096;

/** A chunk, and where one of its copies lies. */
interface ChunkCopy {
  readonly chunk: Chunk;
  readonly offsetBytes: number;
}

/**
 * What of the device is in use: what the extent tree tells of, brought from the address space to the device. A chunk whose extents
 * cannot be read, and every chunk while there are logs whose extents no tree tells of yet, counts as used.
 * @param forest - all trees
 */
export async function* usedRanges(forest: Forest): AsyncGenerator<readonly ByteRange[]> {
  const { volume } = forest;
  const merger = new RangeMerger(volume.disk.sizeBytes);
  for (const { chunk, offsetBytes } of copiesInOrder(volume.chunks.chunks)) {
    for await (const ranges of rangesOfCopy(forest, chunk)) {
      for (const range of ranges)
        merger.add(offsetBytes + range.offsetBytes - chunk.logicalBytes, range.lengthBytes);
      if (merger.done.length >= batchRanges) yield merger.done.splice(0);
    }
  }
  merger.end();
  yield merger.done;
}

function copiesInOrder(chunks: readonly Chunk[]): readonly ChunkCopy[] {
  return chunks
    .flatMap((chunk) => chunk.copies.map((offsetBytes) => ({ chunk, offsetBytes })))
    .sort((left, right) => left.offsetBytes - right.offsetBytes);
}

/** Ranges of the address space; a whole chunk when it is not known what of it is in use. */
async function* rangesOfCopy(forest: Forest, chunk: Chunk): AsyncGenerator<readonly ByteRange[]> {
  const whole = { offsetBytes: chunk.logicalBytes, lengthBytes: chunk.lengthBytes };
  const isUnclear =
    chunk.closedBecause !== undefined || forest.volume.superblock.logTree.logicalBytes !== 0;
  if (isUnclear) {
    yield [whole];
    return;
  }
  try {
    yield* extentsIn(forest, chunk);
  } catch (error) {
    findingOf(error, 'extent tree');
    yield [whole];
  }
}

async function* extentsIn(forest: Forest, chunk: Chunk): AsyncGenerator<readonly ByteRange[]> {
  const tree = await forest.tree(objects.extentTree);
  if (tree === undefined) throw forest.rootTree.volume.damage(noTree, 'there is none');
  const { logicalBytes, lengthBytes } = chunk;
  const from = { object: logicalBytes, type: 0, offset: 0 };
  const to = { ...from, object: logicalBytes + lengthBytes };
  for await (const items of tree.items(from, to))
    yield extentsOf(items, forest.volume.superblock.nodeBytes);
}

const noTree = { structure: 'extent tree', offsetBytes: 0 };

function extentsOf({ leaf, first, end }: LeafItems, nodeBytes: number): readonly ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let index = first; index < end; index += 1) {
    const range = extentOf(nodeKey(leaf, index), nodeBytes);
    if (range !== undefined) ranges.push(range);
  }
  return ranges;
}

/**
 * The extent that an item of the extent tree tells of.
 * @param key - key of the item
 * @param nodeBytes - bytes of a node, whose items tell their level instead of their length
 * @returns undefined when it tells of something else
 */
export function extentOf(key: Key, nodeBytes: number): ByteRange | undefined {
  if (key.type === itemTypes.extent) return { offsetBytes: key.object, lengthBytes: key.offset };
  if (key.type === itemTypes.metadataExtent)
    return { offsetBytes: key.object, lengthBytes: nodeBytes };
  return undefined;
}

/** Joins ranges that come nearly in order, and puts the places in that btrfs keeps for itself. */
class RangeMerger {
  /** What no later range can touch. */
  readonly done: ByteRange[] = [];
  readonly #sizeBytes: number;
  readonly #reserved: ByteRange[];
  #start = 0;
  #end = 0;

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#reserved = superblockOffsets
      .filter((offsetBytes) => offsetBytes + superblockBytes <= sizeBytes)
      .map((offsetBytes) => ({ offsetBytes, lengthBytes: superblockBytes }));
    this.#end = Math.min(reservedBytes, sizeBytes);
  }

  add(offsetBytes: number, lengthBytes: number): void {
    for (let next = this.#reserved[0]; next !== undefined; next = this.#reserved[0]) {
      if (next.offsetBytes > offsetBytes) break;
      this.#reserved.shift();
      this.#join(next.offsetBytes, next.lengthBytes);
    }
    this.#join(offsetBytes, lengthBytes);
  }

  end(): void {
    for (const { offsetBytes, lengthBytes } of this.#reserved) this.#join(offsetBytes, lengthBytes);
    if (this.#end > this.#start)
      this.done.push({ offsetBytes: this.#start, lengthBytes: this.#end - this.#start });
  }

  #join(offsetBytes: number, lengthBytes: number): void {
    const end = Math.min(offsetBytes + lengthBytes, this.#sizeBytes);
    if (end <= offsetBytes) return;
    if (offsetBytes > this.#end) {
      this.done.push({ offsetBytes: this.#start, lengthBytes: this.#end - this.#start });
      this.#start = offsetBytes;
      this.#end = end;
    } else this.#end = Math.max(this.#end, end);
  }
}
