import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { BlockMap, BlockRun, OwnedBlocks } from './block-map.ts';
import type { ExtVolume } from './ext-volume.ts';
import {
  childBlock,
  decodeExtentNode,
  type Extent,
  type ExtentNode,
  entryBefore,
  entryStart,
  extentAt,
  isExtentBlockSound,
} from './extent-node.ts';
import { type ExtInode, inodeBlockAt, inodeBlockBytes, inodeChecksumSeed } from './inode.ts';

/** A node together with the blocks of the file that may be in it. */
interface Span {
  readonly node: ExtentNode;
  readonly start: number;
  /** Infinity in the last of its level, where a hole may reach behind all blocks. */
  readonly end: number;
}

/** Where the blocks of a file with an extent tree lie. The leaf that was used last is kept, since most reads go on in it. */
export class ExtentMap implements BlockMap {
  readonly #volume: ExtVolume;
  readonly #inode: ExtInode;
  readonly #root: Span;
  #leaf: Span | undefined;

  /**
   * @param volume - the file's
   * @param inode - with an extent tree
   * @throws FILE_SYSTEM_DAMAGED when the tree's root is
   */
  constructor(volume: ExtVolume, inode: ExtInode) {
    this.#volume = volume;
    this.#inode = inode;
    const bytes = inode.raw.subarray(inodeBlockAt, inodeBlockAt + inodeBlockBytes);
    const node = decodeExtentNode(bytes, { start: 0, end: Infinity });
    if (typeof node === 'string') {
      throw volume.damaged(`inode ${inode.number}, extent root`, inode.offsetBytes, node);
    }
    this.#root = { node, start: 0, end: Infinity };
  }

  /** @inheritdoc */
  runAt(fileBlock: number): Awaitable<BlockRun> {
    const leaf = this.#leaf;
    if (leaf !== undefined && fileBlock >= leaf.start && fileBlock < leaf.end) {
      return this.#runIn(leaf, fileBlock);
    }
    return this.#descend(this.#root, fileBlock);
  }

  #descend(span: Span, fileBlock: number): Awaitable<BlockRun> {
    if (span.node.depth === 0) {
      this.#leaf = span;
      return this.#runIn(span, fileBlock);
    }
    const index = entryBefore(span.node, fileBlock);
    if (index < 0) return hole(span.start, entryStart(span.node, 0));
    return andThen(this.#child(span, index), (child) => this.#descend(child, fileBlock));
  }

  #runIn({ node, start, end }: Span, fileBlock: number): BlockRun {
    const index = entryBefore(node, fileBlock);
    const next = index + 1 < node.entryCount ? entryStart(node, index + 1) : end;
    if (index < 0) return hole(start, next);
    const extent = extentAt(node, index);
    const after = extent.start + extent.blockCount;
    return fileBlock < after ? this.#sound(extent) : hole(after, next);
  }

  #sound(extent: Extent): Extent {
    const { block, blockCount, start } = extent;
    if (block > 0 && block + blockCount <= this.#volume.blockCount) return extent;
    const { blockBytes } = this.#volume.superblock;
    throw this.#volume.damaged(
      `inode ${this.#inode.number}, extent at block ${start}`,
      this.#inode.offsetBytes,
      `it would lie at byte ${block * blockBytes}, outside the volume`,
    );
  }

  #child(span: Span, index: number): Awaitable<Span> {
    const { node } = span;
    const start = entryStart(node, index);
    const end = index + 1 < node.entryCount ? entryStart(node, index + 1) : span.end;
    const block = childBlock(node, index);
    const bytes = this.#volume.block(block, `inode ${this.#inode.number}, extent block`);
    return andThen(bytes, (found) => {
      const child = this.#decode(block, found, { depth: node.depth - 1, start, end });
      return { node: child, start, end };
    });
  }

  #decode(
    block: number,
    bytes: Uint8Array,
    expected: { depth: number; start: number; end: number },
  ): ExtentNode {
    const { superblock } = this.#volume;
    const node = decodeExtentNode(bytes, expected);
    const isSound =
      !superblock.hasChecksums ||
      isExtentBlockSound(bytes, inodeChecksumSeed(superblock, this.#inode));
    if (isSound && typeof node !== 'string') return node;
    throw this.#volume.damaged(
      `inode ${this.#inode.number}, extent block`,
      block * superblock.blockBytes,
      typeof node === 'string' ? node : 'its checksum does not fit',
    );
  }

  /** @inheritdoc */
  async *owned(): AsyncGenerator<readonly OwnedBlocks[]> {
    const stack = [{ span: this.#root, index: 0 }];
    for (let nodes = 0, top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.span.node.depth === 0) yield this.#leafBlocks(top.span.node);
      if (top.span.node.depth === 0 || top.index >= top.span.node.entryCount) {
        stack.pop();
        continue;
      }
      nodes += 1;
      if (nodes > this.#volume.blockCount) throw this.#hasCircle();
      const block = childBlock(top.span.node, top.index);
      const child = this.#child(top.span, top.index);
      top.index += 1;
      stack.push({ span: child instanceof Promise ? await child : child, index: 0 });
      yield [{ block, blockCount: 1, isMap: true }];
    }
  }

  #leafBlocks(node: ExtentNode): OwnedBlocks[] {
    return Array.from({ length: node.entryCount }, (_, index) => {
      const { block, blockCount } = this.#sound(extentAt(node, index));
      return { block, blockCount, isMap: false };
    });
  }

  #hasCircle() {
    const structure = `inode ${this.#inode.number}, extent tree`;
    return this.#volume.damaged(
      structure,
      this.#inode.offsetBytes,
      'it has more blocks than the volume',
    );
  }
}

function hole(start: number, end: number): BlockRun {
  return { start, blockCount: end - start, block: undefined, isWritten: false };
}
