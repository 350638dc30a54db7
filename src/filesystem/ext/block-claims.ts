import type { Finding } from '../file-system.ts';
import type { OwnedBlocks } from './block-map.ts';
import type { ExtVolume } from './ext-volume.ts';
import { groupStart } from './group-layout.ts';
import type { ExtInode } from './inode.ts';
import { blocksClaimedMax } from './limits.ts';
import { NumberSet } from './number-set.ts';
import { usedClusters } from './used-clusters.ts';

/** Inode in which a map of blocks leads to copies of descriptors, which are no content of its own. */
const resizeInode = 7;
const badBlocksInode = 1;

/**
 * Remembers which blocks files lie in, one bit each, to find those that two claim, and those that the block bitmap calls free. Blocks of
 * one cluster may belong to one file only, so that blocks say it all.
 */
export class BlockClaims {
  readonly #volume: ExtVolume;
  readonly #claimed = new NumberSet();
  readonly #isPossible: boolean;
  /** The group whose bitmap was looked at last. */
  #group = -1;
  #used: Uint8Array = new Uint8Array(0);
  #freeCount = 0;

  /** @param volume - whose blocks are claimed */
  constructor(volume: ExtVolume) {
    this.#volume = volume;
    this.#isPossible = volume.blockCount <= blocksClaimedMax;
  }

  /**
   * Claims a run of blocks for a file.
   * @param inode - of the file
   * @param run - some of its blocks
   * @returns what is wrong with that; the rest of the file is then better left alone, since it may claim everything any number of times
   */
  async claim(inode: ExtInode, run: OwnedBlocks): Promise<Finding | undefined> {
    if (!this.#isPossible || inode.number === resizeInode || inode.number === badBlocksInode) {
      return undefined;
    }
    for (let block = run.block; block < run.block + run.blockCount; block += 1) {
      if (!this.#claimed.add(block)) return this.#claimedTwice(inode, block);
      const isUsed = this.#isUsed(block);
      if (!(isUsed instanceof Promise ? await isUsed : isUsed)) this.#freeCount += 1;
    }
    return undefined;
  }

  #claimedTwice(inode: ExtInode, block: number): Finding {
    return {
      severity: 'damage',
      structure: `inode ${inode.number}`,
      offsetBytes: block * this.#volume.superblock.blockBytes,
      reason: `its block ${block} belongs to another file too`,
    };
  }

  /** What can be said only when all is claimed. */
  *summary(): Generator<Finding> {
    if (!this.#isPossible) {
      const reason = 'the volume is too large to look for blocks that two files claim';
      yield { severity: 'note', structure: 'block bitmaps', reason };
    }
    if (this.#freeCount > 0) {
      const reason = `they call ${this.#freeCount} blocks free that files lie in`;
      yield { severity: 'note', structure: 'block bitmaps', reason };
    }
  }

  #isUsed(block: number): boolean | Promise<boolean> {
    const { superblock } = this.#volume;
    const group = Math.floor((block - superblock.firstBlock) / superblock.blocksPerGroup);
    return group === this.#group ? this.#isSet(block) : this.#turnTo(group, block);
  }

  async #turnTo(group: number, block: number): Promise<boolean> {
    this.#used = await usedClusters(this.#volume, group);
    this.#group = group;
    return this.#isSet(block);
  }

  #isSet(block: number): boolean {
    const { superblock } = this.#volume;
    const start = groupStart(superblock, this.#group);
    const cluster = Math.floor((block - start) / superblock.blocksPerCluster);
    return (this.#used[cluster >> 3]! & (1 << (cluster & 7))) !== 0;
  }
}
