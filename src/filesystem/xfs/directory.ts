import {
  type DataFrame,
  decodeDataEntries,
  decodeShortDirectory,
  type EntryForm,
  frameOf,
  type XfsEntry,
} from './directory-entries.ts';
import { readForkBlock } from './fork-block.ts';
import { ForkMap } from './fork-map.ts';
import type { XfsInode } from './inode.ts';
import type { XfsVolume } from './volume.ts';

/** Where names end and the index of a large directory begins, bytes. */
const indexOffsetBytes = 2 ** 35;

/** A block of names with its frame. */
export interface NameBlock {
  /** Borrowed. */
  readonly bytes: Uint8Array;
  readonly frame: DataFrame;
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
}

/** One directory of a volume. */
export class XfsDirectory {
  readonly volume: XfsVolume;
  readonly inode: XfsInode;
  /** How its entries are kept. */
  readonly form: EntryForm;
  /** For errors: "inode 17, directory". */
  readonly structure: string;
  #map: ForkMap | undefined;

  /**
   * @param volume - the volume
   * @param inode - inode of a directory
   */
  constructor(volume: XfsVolume, inode: XfsInode) {
    this.volume = volume;
    this.inode = inode;
    this.form = {
      isVersion5: volume.isVersion5,
      hasFileTypes: volume.superblock.hasFileTypes,
    };
    this.structure = `inode ${inode.number}, directory`;
  }

  /** Whether all of it lies in its inode. */
  get isShort(): boolean {
    return this.inode.data.format === 'local';
  }

  /** Where its blocks lie; only of a directory that is not short. */
  get map(): ForkMap {
    this.#map ??= new ForkMap(this.volume, this.inode.data, 'directory');
    return this.#map;
  }

  /** First block of the index of a large directory, in its fork. */
  get indexBlock(): number {
    return indexOffsetBytes / this.volume.superblock.blockBytes;
  }

  /**
   * The names of a short directory.
   * @throws FILE_SYSTEM_DAMAGED
   */
  shortEntries(): readonly XfsEntry[] {
    const { literal, offsetBytes } = this.inode.data;
    const entries = decodeShortDirectory(literal, this.form);
    if (typeof entries === 'string') throw this.damage(offsetBytes, entries);
    return entries;
  }

  /**
   * All names, batch by batch, without "." and "..".
   * @param onDamage - hears of a block that cannot be read, which is then left out; without it the error is thrown
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *entries(onDamage?: (error: unknown) => void): AsyncGenerator<readonly XfsEntry[]> {
    if (this.isShort) {
      yield this.shortEntries();
      return;
    }
    for await (const number of this.#blockNumbers()) {
      try {
        yield await this.#blockEntries(number);
      } catch (error) {
        if (onDamage === undefined) throw error;
        onDamage(error);
      }
    }
  }

  async #blockEntries(number: number): Promise<readonly XfsEntry[]> {
    const block = await this.nameBlock(number);
    const entries = decodeDataEntries(block.bytes, this.form, block.frame);
    if (typeof entries === 'string') throw this.damage(block.offsetBytes, entries);
    return entries.filter(({ name }) => !isDots(name));
  }

  /**
   * A block of names.
   * @param number - its number among the blocks of the directory
   * @throws FILE_SYSTEM_DAMAGED
   */
  async nameBlock(number: number): Promise<NameBlock> {
    const { directoryBlockBytes, blockBytes } = this.volume.superblock;
    const { bytes, offsetBytes } = await readForkBlock(this.volume, this.map, {
      structure: this.structure,
      fileBlock: number * (directoryBlockBytes / blockBytes),
      lengthBytes: directoryBlockBytes,
      checksumOffset: 4,
    });
    const frame = frameOf(bytes, this.form, this.inode.number);
    if (typeof frame === 'string') throw this.damage(offsetBytes, frame);
    return { bytes, frame, offsetBytes };
  }

  /** Numbers of the blocks of names that there are; as many as the volume has blocks at most, so that no map makes them endless. */
  async *#blockNumbers(): AsyncGenerator<number> {
    const { blockBytes, directoryBlockBytes, blockCount } = this.volume.superblock;
    const perBlock = directoryBlockBytes / blockBytes;
    let next = 0;
    let metCount = 0;
    for await (const { extents } of this.map.leaves()) {
      for (const extent of extents) {
        if (extent.fileBlock >= this.indexBlock) return;
        const end = Math.min(extent.fileBlock + extent.blockCount, this.indexBlock);
        next = Math.max(next, Math.ceil(extent.fileBlock / perBlock));
        for (; next * perBlock < end; next += 1) {
          metCount += 1;
          if (metCount > blockCount) throw this.damage(0, 'it has more blocks than the volume');
          yield next;
        }
      }
    }
  }

  /**
   * The error that something of this directory is damaged.
   * @param offsetBytes - where, bytes
   * @param reason - what is wrong
   */
  damage(offsetBytes: number, reason: string): Error {
    return this.volume.damage({ structure: this.structure, offsetBytes }, reason);
  }
}

function isDots(name: Uint8Array): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
