import type { Awaitable } from '../../disk/disk.ts';
import type { ContentMap, ContentRun } from '../mapped-content.ts';
import { type ForkLeaf, ForkMap, lastAtOrBefore } from './fork-map.ts';
import type { InodeFork } from './inode.ts';
import type { XfsVolume } from './volume.ts';

/** Where the content of a file lies. */
export class XfsContentMap implements ContentMap {
  /** Length of the content, bytes. */
  readonly sizeBytes: number;
  readonly #volume: XfsVolume;
  readonly #map: ForkMap;
  readonly #structure: string;

  /**
   * @param volume - the volume
   * @param fork - data fork of a regular file
   * @param sizeBytes - length of the content
   */
  constructor(volume: XfsVolume, fork: InodeFork, sizeBytes: number) {
    this.#volume = volume;
    this.#map = new ForkMap(volume, fork, 'content');
    this.#structure = `inode ${fork.inode}, content`;
    this.sizeBytes = sizeBytes;
  }

  /** @inheritdoc */
  runAt(offsetBytes: number): Awaitable<ContentRun> {
    const leaf = this.#map.leafAt(Math.floor(offsetBytes / this.#volume.superblock.blockBytes));
    return leaf instanceof Promise
      ? leaf.then((found) => this.#run(found, offsetBytes))
      : this.#run(leaf, offsetBytes);
  }

  #run(leaf: ForkLeaf, offsetBytes: number): ContentRun {
    const { blockBytes } = this.#volume.superblock;
    const fileBlock = Math.floor(offsetBytes / blockBytes);
    const index = lastAtOrBefore(leaf.extents, fileBlock);
    const extent = leaf.extents[index];
    const end = extent === undefined ? leaf.startBlock : extent.fileBlock + extent.blockCount;
    if (extent === undefined || fileBlock >= end) {
      const next = leaf.extents[index + 1]?.fileBlock ?? leaf.endBlock;
      return this.#hole(Math.max(end, leaf.startBlock), next);
    }
    const { blockCount, block } = extent;
    if (extent.isUnwritten) return this.#hole(extent.fileBlock, end);
    return {
      startBytes: extent.fileBlock * blockBytes,
      lengthBytes: blockCount * blockBytes,
      volumeOffsetBytes: this.#volume.blockOffset(block, this.#structure, blockCount),
    };
  }

  #hole(fromBlock: number, toBlock: number): ContentRun {
    const { blockBytes } = this.#volume.superblock;
    const startBytes = fromBlock * blockBytes;
    const endBytes = Number.isFinite(toBlock) ? toBlock * blockBytes : Number.MAX_SAFE_INTEGER;
    return { startBytes, lengthBytes: endBytes - startBytes };
  }
}
