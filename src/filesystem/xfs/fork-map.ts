import type { Awaitable } from '../../disk/disk.ts';
import { unsigned64, viewOf } from './big-endian.ts';
import { type BtreeBlock, readBtreeBlock } from './btree-block.ts';
import { decodeExtents, extentRecordBytes, type XfsExtent } from './extent.ts';
import type { InodeFork } from './inode.ts';
import type { XfsVolume } from './volume.ts';

/** Levels that an extent tree may have: more than 2⁴⁸ extents of the smallest blocks need. */
const levelsMax = 14;

/** All extents of a fork in a span of its blocks. */
export interface ForkLeaf {
  readonly extents: readonly XfsExtent[];
  /** First block of the span. */
  readonly startBlock: number;
  /** First block behind the span; Infinity at the end of the fork. */
  readonly endBlock: number;
  /** Where the blocks lie that lead to it, bytes; empty when the inode holds the list itself. */
  readonly treeOffsets: readonly number[];
}

interface Node {
  readonly level: number;
  readonly count: number;
  readonly keyAt: (index: number) => number;
  readonly pointerAt: (index: number) => number;
  readonly offsetBytes: number;
}

interface Span {
  readonly startBlock: number;
  readonly endBlock: number;
}

/** Where the blocks of a fork lie, asked span by span; remembers the last span. */
export class ForkMap {
  readonly #volume: XfsVolume;
  readonly #fork: InodeFork;
  readonly #structure: string;
  #last: ForkLeaf | undefined;

  /**
   * @param volume - the volume
   * @param fork - a fork that is no local one
   * @param what - of the inode, for errors: "content", "attributes"
   */
  constructor(volume: XfsVolume, fork: InodeFork, what: string) {
    this.#volume = volume;
    this.#fork = fork;
    this.#structure = `inode ${fork.inode}, extents of its ${what}`;
  }

  /**
   * The extents around a block of the fork.
   * @param fileBlock - the block
   * @throws FILE_SYSTEM_DAMAGED
   */
  leafAt(fileBlock: number): Awaitable<ForkLeaf> {
    const last = this.#last;
    if (last !== undefined && fileBlock >= last.startBlock && fileBlock < last.endBlock)
      return last;
    if (this.#fork.format === 'extents') return this.#keep(this.#listed());
    if (this.#fork.format === 'tree')
      return this.#descend(fileBlock).then((leaf) => this.#keep(leaf));
    throw this.#damage(this.#fork.offsetBytes, 'it has no form that extents can have');
  }

  /**
   * All extents, in order, span by span.
   * @param fromBlock - block of the fork to begin at
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *leaves(fromBlock = 0): AsyncGenerator<ForkLeaf> {
    for (let at = fromBlock; Number.isFinite(at); ) {
      const leaf = await this.leafAt(at);
      yield leaf;
      at = leaf.endBlock;
    }
  }

  /**
   * The extent that holds a block of the fork.
   * @param fileBlock - the block
   * @returns undefined when it is a hole
   * @throws FILE_SYSTEM_DAMAGED
   */
  extentAt(fileBlock: number): Awaitable<XfsExtent | undefined> {
    const leaf = this.leafAt(fileBlock);
    return leaf instanceof Promise
      ? leaf.then((found) => extentIn(found, fileBlock))
      : extentIn(leaf, fileBlock);
  }

  #keep(leaf: ForkLeaf): ForkLeaf {
    this.#last = leaf;
    return leaf;
  }

  #damage(offsetBytes: number, reason: string) {
    return this.#volume.damage({ structure: this.#structure, offsetBytes }, reason);
  }

  #listed(): ForkLeaf {
    const { literal, extentCount, offsetBytes } = this.#fork;
    const extents = decodeExtents(literal, extentCount);
    if (typeof extents === 'string') throw this.#damage(offsetBytes, extents);
    return { extents, startBlock: 0, endBlock: Number.POSITIVE_INFINITY, treeOffsets: [] };
  }

  /** Goes down to the leaf; each step narrows the span that the block below may speak of, so no block is met twice. */
  async #descend(fileBlock: number): Promise<ForkLeaf> {
    let node = this.#root();
    let span: Span = { startBlock: 0, endBlock: Number.POSITIVE_INFINITY };
    const treeOffsets: number[] = [];
    for (;;) {
      const index = this.#childIndex(node, fileBlock, span);
      span = childSpan(node, index, span);
      const block = await this.#child(node, index);
      treeOffsets.push(block.offsetBytes);
      if (block.level === 0) return this.#leaf(block, span, treeOffsets);
      node = this.#node(block);
    }
  }

  #root(): Node {
    const { literal, offsetBytes } = this.#fork;
    const view = viewOf(literal);
    const [level, count] = literal.length < 4 ? [0, 0] : [view.getUint16(0), view.getUint16(2)];
    const countMax = Math.floor((literal.length - 4) / 16);
    if (level < 1 || level > levelsMax || count < 1 || count > countMax)
      throw this.#damage(offsetBytes, `its root has ${count} records at level ${level}`);
    return {
      level,
      count,
      offsetBytes,
      keyAt: (index) => unsigned64(view, 4 + index * 8),
      pointerAt: (index) => unsigned64(view, 4 + countMax * 8 + index * 8),
    };
  }

  #node(block: BtreeBlock): Node {
    const { level, count, headerBytes, offsetBytes } = block;
    const view = viewOf(block.bytes);
    const countMax = Math.floor((block.bytes.length - headerBytes) / 16);
    if (count < 1 || count > countMax)
      throw this.#damage(offsetBytes, `a block of its tree has ${count} records`);
    return {
      level,
      count,
      offsetBytes,
      keyAt: (index) => unsigned64(view, headerBytes + index * 8),
      pointerAt: (index) => unsigned64(view, headerBytes + countMax * 8 + index * 8),
    };
  }

  #childIndex(node: Node, fileBlock: number, span: Span): number {
    let found = 0;
    let before = -1;
    for (let index = 0; index < node.count; index += 1) {
      const key = node.keyAt(index);
      const isInside = key > before && key >= span.startBlock && key < span.endBlock;
      if (!isInside) throw this.#damage(node.offsetBytes, 'keys of its tree are out of order');
      if (key <= fileBlock) found = index;
      before = key;
    }
    return found;
  }

  #child(node: Node, index: number): Promise<BtreeBlock> {
    const { inode } = this.#fork;
    const structure = `inode ${inode}, block of the extent tree`;
    const offsetBytes = this.#volume.blockOffset(node.pointerAt(index), structure);
    const level = node.level - 1;
    return readBtreeBlock(this.#volume, {
      kind: 'extents',
      structure,
      offsetBytes,
      level,
      owner: inode,
    });
  }

  #leaf(block: BtreeBlock, span: Span, treeOffsets: readonly number[]): ForkLeaf {
    const { bytes, headerBytes, count, offsetBytes } = block;
    const countMax = Math.floor((bytes.length - headerBytes) / extentRecordBytes);
    const extents =
      count < 1 || count > countMax
        ? `a leaf of its tree has ${count} records`
        : decodeExtents(bytes.subarray(headerBytes), count);
    if (typeof extents === 'string') throw this.#damage(offsetBytes, extents);
    const last = extents.at(-1)!;
    if (extents[0]!.fileBlock < span.startBlock || last.fileBlock + last.blockCount > span.endBlock)
      throw this.#damage(offsetBytes, 'a leaf of its tree tells of blocks that belong to another');
    return { extents, ...span, treeOffsets };
  }
}

function childSpan(node: Node, index: number, span: Span): Span {
  return {
    startBlock: index === 0 ? span.startBlock : node.keyAt(index),
    endBlock: index + 1 < node.count ? node.keyAt(index + 1) : span.endBlock,
  };
}

/**
 * The extent of a leaf that holds a block.
 * @param leaf - the span that the block lies in
 * @param fileBlock - the block
 * @returns undefined when it is a hole
 */
export function extentIn(leaf: ForkLeaf, fileBlock: number): XfsExtent | undefined {
  const candidate = leaf.extents[lastAtOrBefore(leaf.extents, fileBlock)];
  if (candidate === undefined) return undefined;
  return fileBlock < candidate.fileBlock + candidate.blockCount ? candidate : undefined;
}

/**
 * Index of the last extent that begins at or before a block.
 * @param extents - in order
 * @param fileBlock - the block
 * @returns -1 when all begin behind it
 */
export function lastAtOrBefore(extents: readonly XfsExtent[], fileBlock: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (extents[middle]!.fileBlock <= fileBlock) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
