import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { u32le } from '../integers.ts';
import type { BlockMap, BlockRun, OwnedBlocks } from './block-map.ts';
import type { ExtVolume } from './ext-volume.ts';
import { type ExtInode, inodeBlockAt, inodeBlockBytes } from './inode.ts';

const directCount = 12;
const pointerBytes = 4;

/** A row of block numbers, and the blocks of the file that they and what is below them stand for. */
interface Row {
  readonly pointers: Uint8Array;
  /** First block of the file. */
  readonly start: number;
  /** Blocks of the file that one pointer stands for. */
  readonly step: number;
}

/**
 * Where the blocks of a file with block numbers lie: 12 of its first blocks in the inode, then one block of numbers, one of blocks of
 * numbers, and one of those. They have no checksum. Number 0 is a hole.
 * @source kernel: fs/ext4/indirect.c; Documentation/filesystems/ext4/ifork.rst
 */
export class IndirectMap implements BlockMap {
  readonly #volume: ExtVolume;
  readonly #inode: ExtInode;
  readonly #perBlock: number;

  /**
   * @param volume - the file's
   * @param inode - without an extent tree
   */
  constructor(volume: ExtVolume, inode: ExtInode) {
    this.#volume = volume;
    this.#inode = inode;
    this.#perBlock = volume.superblock.blockBytes / pointerBytes;
  }

  /** @inheritdoc */
  runAt(fileBlock: number): Awaitable<BlockRun> {
    for (const row of this.#rows()) {
      const end = row.start + row.step * (row.pointers.length / pointerBytes);
      if (fileBlock < end) return this.#runIn(row, fileBlock);
    }
    const last = this.#rows().at(-1)!;
    return { start: last.start + last.step, blockCount: Infinity, isWritten: false };
  }

  /** The direct numbers, and the three that lead to others. */
  #rows(): readonly Row[] {
    const all = this.#inode.raw.subarray(inodeBlockAt, inodeBlockAt + inodeBlockBytes);
    const rows: Row[] = [
      { pointers: all.subarray(0, directCount * pointerBytes), start: 0, step: 1 },
    ];
    let start = directCount;
    for (let level = 1; level <= 3; level += 1) {
      const at = (directCount + level - 1) * pointerBytes;
      const step = this.#perBlock ** level;
      rows.push({ pointers: all.subarray(at, at + pointerBytes), start, step });
      start += step;
    }
    return rows;
  }

  #runIn(row: Row, fileBlock: number): Awaitable<BlockRun> {
    const index = Math.floor((fileBlock - row.start) / row.step);
    const block = u32le(row.pointers, index * pointerBytes);
    if (row.step === 1 || block === 0) return this.#runFrom(row, index);
    const start = row.start + index * row.step;
    return andThen(this.#below(block), (pointers) =>
      this.#runIn({ pointers, start, step: row.step / this.#perBlock }, fileBlock),
    );
  }

  /** As many numbers as follow one another; or as many zeroes. */
  #runFrom({ pointers, start, step }: Row, index: number): BlockRun {
    const first = u32le(pointers, index * pointerBytes);
    const count = pointers.length / pointerBytes;
    let next = index + 1;
    const follows = (): number => (first === 0 ? 0 : first + next - index);
    while (next < count && u32le(pointers, next * pointerBytes) === follows()) next += 1;
    const run = { start: start + index * step, blockCount: (next - index) * step };
    if (first === 0) return { ...run, isWritten: false };
    this.#assertOnVolume(first, run.blockCount);
    return { ...run, block: first, isWritten: true };
  }

  #below(block: number): Awaitable<Uint8Array> {
    this.#assertOnVolume(block, 1);
    return this.#volume.block(block, `inode ${this.#inode.number}, indirect block`);
  }

  #assertOnVolume(block: number, blockCount: number): void {
    if (block + blockCount <= this.#volume.blockCount) return;
    throw this.#volume.damaged(
      `inode ${this.#inode.number}, block numbers`,
      this.#inode.offsetBytes,
      `it would have block ${block + blockCount - 1}, outside the volume`,
    );
  }

  /** @inheritdoc */
  async *owned(): AsyncGenerator<readonly OwnedBlocks[]> {
    const budget = { blocks: this.#volume.blockCount };
    for (const row of this.#rows()) yield* this.#ownedBy(row, budget);
  }

  /** Goes down at most three levels. */
  async *#ownedBy(row: Row, budget: { blocks: number }): AsyncGenerator<readonly OwnedBlocks[]> {
    const count = row.pointers.length / pointerBytes;
    if (row.step === 1) {
      yield this.#runsOf(row, count);
      return;
    }
    for (let index = 0; index < count; index += 1) {
      const block = u32le(row.pointers, index * pointerBytes);
      if (block === 0) continue;
      budget.blocks -= 1;
      if (budget.blocks < 0) throw this.#hasTooMany();
      const pointers = await this.#below(block);
      yield [{ block, blockCount: 1, isMap: true }];
      yield* this.#ownedBy({ pointers, start: 0, step: row.step / this.#perBlock }, budget);
    }
  }

  #runsOf(row: Row, count: number): OwnedBlocks[] {
    const found: OwnedBlocks[] = [];
    for (let index = 0; index < count; ) {
      const { block, blockCount } = this.#runFrom(row, index);
      if (block !== undefined) found.push({ block, blockCount, isMap: false });
      index += blockCount;
    }
    return found;
  }

  #hasTooMany() {
    const structure = `inode ${this.#inode.number}, block numbers`;
    return this.#volume.damaged(
      structure,
      this.#inode.offsetBytes,
      'they are more than the volume has',
    );
  }
}
