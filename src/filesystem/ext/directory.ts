import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { BlockMap } from './block-map.ts';
import { decodeEntries, isEntryBlockSound, type RawEntry } from './directory-block.ts';
import type { ExtVolume } from './ext-volume.ts';
import { incompatible } from './features.ts';
import {
  decodeHashTreeNode,
  decodeHashTreeRoot,
  isHashTreeNode,
  isHashTreeNodeSound,
} from './hash-tree-node.ts';
import { hasInlineData, inlineDataOf } from './inline-data.ts';
import { type ExtInode, inodeChecksumSeed, inodeFlags } from './inode.ts';
import { openBlockMap } from './open-block-map.ts';

/** Bytes in front of the entries of an inline directory: the number of its parent. */
const parentBytes = 4;

/** The entries of one directory. */
export class ExtDirectory {
  readonly volume: ExtVolume;
  readonly inode: ExtInode;
  readonly #seed: number;
  #map: BlockMap | undefined;

  /**
   * @param volume - the directory's
   * @param inode - of a directory
   */
  constructor(volume: ExtVolume, inode: ExtInode) {
    this.volume = volume;
    this.inode = inode;
    this.#seed = inodeChecksumSeed(volume.superblock, inode);
  }

  /** Blocks it says it has. */
  get blockCount(): number {
    return Math.ceil(this.inode.sizeBytes / this.volume.superblock.blockBytes);
  }

  /** Whether it has a hash tree. */
  get isIndexed(): boolean {
    return (this.inode.flags & inodeFlags.hasDirectoryIndex) !== 0 && !hasInlineData(this.inode);
  }

  /**
   * All entries, block by block, without "." and "..".
   * @param onDamage - hears what a block that cannot be read is damaged by, and the next one is read; damage ends it when left out
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *entries(onDamage?: (error: unknown) => void): AsyncGenerator<readonly RawEntry[]> {
    if (hasInlineData(this.inode)) {
      yield this.#inlineEntries();
      return;
    }
    let budget = this.volume.blockCount;
    for (let at = 0; at < this.blockCount; ) {
      const found = this.#runAt(at);
      const { start, blockCount, block } = found instanceof Promise ? await found : found;
      const end = Math.min(start + blockCount, this.blockCount);
      for (; at < end && block !== undefined; at += 1) {
        budget -= 1;
        if (budget < 0) throw this.#damaged('it has more blocks than the volume');
        const entries = await this.#attempt(at, onDamage);
        if (entries !== undefined) yield entries;
      }
      at = end;
    }
  }

  /** What goes wrong in one block is told to whoever wants to go on. */
  #attempt(
    fileBlock: number,
    onDamage: ((error: unknown) => void) | undefined,
  ): Awaitable<readonly RawEntry[] | undefined> {
    if (onDamage === undefined) return this.blockEntries(fileBlock);
    try {
      const entries = this.blockEntries(fileBlock);
      return entries instanceof Promise ? entries.catch(onDamage as () => undefined) : entries;
    } catch (error) {
      onDamage(error);
      return undefined;
    }
  }

  /**
   * The entries of one block, none when it is a node of the hash tree.
   * @param fileBlock - block of the directory
   * @throws FILE_SYSTEM_DAMAGED, also when there is a hole
   */
  blockEntries(fileBlock: number): Awaitable<readonly RawEntry[]> {
    return andThen(this.block(fileBlock), ({ bytes, offsetBytes }) => {
      if (this.#isNode(bytes, fileBlock, offsetBytes)) return [];
      const { superblock } = this.volume;
      if (superblock.hasChecksums && !isEntryBlockSound(bytes, this.#seed)) {
        throw this.#damaged('the checksum of a block does not fit', offsetBytes);
      }
      return this.#decode(bytes, offsetBytes);
    });
  }

  /**
   * One block.
   * @param fileBlock - block of the directory
   * @returns its bytes, borrowed, and where they lie on the volume
   * @throws FILE_SYSTEM_DAMAGED, also when there is a hole
   */
  block(fileBlock: number): Awaitable<{ bytes: Uint8Array; offsetBytes: number }> {
    const { superblock } = this.volume;
    return andThen(this.#runAt(fileBlock), ({ start, block }) => {
      if (block === undefined) throw this.#damaged(`there is a hole at block ${fileBlock}`);
      const number = block + fileBlock - start;
      const bytes = this.volume.block(number, `inode ${this.inode.number}, directory block`);
      const offsetBytes = number * superblock.blockBytes;
      return andThen(bytes, (found) => ({ bytes: found, offsetBytes }));
    });
  }

  #runAt(fileBlock: number): ReturnType<BlockMap['runAt']> {
    this.#map ??= openBlockMap(this.volume, this.inode);
    return this.#map.runAt(fileBlock);
  }

  #isNode(bytes: Uint8Array, fileBlock: number, offsetBytes: number): boolean {
    if (!this.isIndexed) return false;
    const isRoot = fileBlock === 0;
    if (!isRoot && !isHashTreeNode(bytes)) return false;
    const node = isRoot ? decodeHashTreeRoot(bytes) : decodeHashTreeNode(bytes);
    if (!this.volume.superblock.hasChecksums) return true;
    if (node !== undefined && isHashTreeNodeSound(node, this.#seed)) return true;
    throw this.#damaged('the checksum of a hash tree node does not fit', offsetBytes);
  }

  #inlineEntries(): readonly RawEntry[] {
    const { first, rest } = inlineDataOf(this.volume, this.inode);
    const { offsetBytes } = this.inode;
    return [first.subarray(parentBytes), rest].flatMap((bytes) => this.#decode(bytes, offsetBytes));
  }

  #decode(bytes: Uint8Array, offsetBytes: number): readonly RawEntry[] {
    const hasFileTypes = (this.volume.superblock.incompatible & incompatible.hasFileTypes) !== 0;
    const entries = decodeEntries({ bytes, hasFileTypes });
    if (typeof entries === 'string') throw this.#damaged(entries, offsetBytes);
    return entries;
  }

  #damaged(reason: string, offsetBytes: number = this.inode.offsetBytes) {
    return this.volume.damaged(`inode ${this.inode.number}, directory`, offsetBytes, reason);
  }
}
