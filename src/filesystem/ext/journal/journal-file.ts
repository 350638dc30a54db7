import type { BlockMap } from '../block-map.ts';
import type { ExtVolume } from '../ext-volume.ts';
import type { ExtInode } from '../inode.ts';
import { openBlockMap } from '../open-block-map.ts';

/** A journal that is a file of its own file system, by its blocks. */
export class JournalFile {
  /** Blocks it has. */
  readonly blockCount: number;
  /** Where its inode lies on the volume, bytes. */
  readonly offsetBytes: number;
  readonly #volume: ExtVolume;
  readonly #map: BlockMap;

  /**
   * @param volume - the volume as it is on the disk, before the journal
   * @param inode - of the journal
   * @throws FILE_SYSTEM_DAMAGED
   */
  constructor(volume: ExtVolume, inode: ExtInode) {
    this.#volume = volume;
    this.#map = openBlockMap(volume, inode);
    this.blockCount = Math.floor(inode.sizeBytes / volume.superblock.blockBytes);
    this.offsetBytes = inode.offsetBytes;
  }

  /**
   * Where a block of the journal lies.
   * @param number - less than the count
   * @returns block of the volume
   * @throws FILE_SYSTEM_DAMAGED
   */
  async place(number: number): Promise<number> {
    const { start, block } = await this.#map.runAt(number);
    if (block !== undefined) return block + number - start;
    throw this.#volume.damaged('journal', this.offsetBytes, `there is a hole at block ${number}`);
  }

  /**
   * A block of the journal.
   * @param number - less than the count
   * @returns its bytes; borrowed
   * @throws FILE_SYSTEM_DAMAGED
   */
  async block(number: number): Promise<Uint8Array> {
    return this.#volume.block(await this.place(number), `journal, block ${number}`);
  }
}
