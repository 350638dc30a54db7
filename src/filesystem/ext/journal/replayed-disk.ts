import { strict as assert } from 'node:assert';
import type { Awaitable, DiskExtent, ReadableDisk } from '../../../disk/disk.ts';
import { findingOf } from '../../damage.ts';
import type { ByteRange, Finding } from '../../file-system.ts';
import type { ExtVolume } from '../ext-volume.ts';
import { isCopySound } from './journal-records.ts';
import { type JournalSuperblock, journalMagic } from './journal-superblock.ts';
import type { ReplayedBlock } from './replay-journal.ts';

/** A volume as it is after its journal was replayed: blocks of which the journal has a newer copy are read from there. */
export class ReplayedDisk implements ReadableDisk {
  /** Size, bytes: that of the volume. */
  readonly sizeBytes: number;
  readonly #volume: ExtVolume;
  readonly #disk: ReadableDisk;
  readonly #journal: JournalSuperblock;
  readonly #blocks: ReadonlyMap<number, ReplayedBlock>;

  /**
   * @param volume - as it is on the disk
   * @param journal - superblock of its journal
   * @param blocks - by block of the volume
   */
  constructor(
    volume: ExtVolume,
    journal: JournalSuperblock,
    blocks: ReadonlyMap<number, ReplayedBlock>,
  ) {
    this.#volume = volume;
    this.#disk = volume.disk;
    this.#journal = journal;
    this.#blocks = blocks;
    this.sizeBytes = volume.disk.sizeBytes;
  }

  /** Spans that are read from the journal, a block each. */
  get replaced(): ByteRange[] {
    const { blockBytes } = this.#volume.superblock;
    return Array.from(this.#blocks.keys(), (block) => ({
      offsetBytes: block * blockBytes,
      lengthBytes: blockBytes,
    }));
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    assert(offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    const replaced = this.#replacedIn(offsetBytes, target.length);
    if (replaced.length === 0) return this.#disk.read(target, offsetBytes);
    return this.#readReplaced(target, offsetBytes, replaced);
  }

  #replacedIn(offsetBytes: number, lengthBytes: number): number[] {
    const { blockBytes } = this.#volume.superblock;
    const found: number[] = [];
    const end = Math.ceil((offsetBytes + lengthBytes) / blockBytes);
    for (let block = Math.floor(offsetBytes / blockBytes); block < end; block += 1) {
      if (this.#blocks.has(block)) found.push(block);
    }
    return found;
  }

  async #readReplaced(
    target: Uint8Array,
    offsetBytes: number,
    replaced: readonly number[],
  ): Promise<void> {
    await this.#disk.read(target, offsetBytes);
    const { blockBytes } = this.#volume.superblock;
    for (const block of replaced) {
      const bytes = await this.#blockAfter(block);
      const start = block * blockBytes - offsetBytes;
      const skip = Math.max(0, -start);
      target.set(bytes.subarray(skip, target.length - start), start + skip);
    }
  }

  /**
   * A block as the journal has it, in bytes of the caller's own.
   * @throws FILE_SYSTEM_DAMAGED when the copy in the journal is damaged
   */
  async #blockAfter(block: number): Promise<Uint8Array> {
    const { blockBytes } = this.#volume.superblock;
    const copy = this.#blocks.get(block)!;
    const bytes = new Uint8Array(blockBytes);
    await this.#disk.read(bytes, copy.place * blockBytes);
    if (!isCopySound(this.#journal, bytes, copy)) {
      const reason = `the checksum of its copy of block ${block} does not fit`;
      throw this.#volume.damaged('journal', copy.place * blockBytes, reason);
    }
    if (copy.isEscaped) new DataView(bytes.buffer).setUint32(0, journalMagic);
    return bytes;
  }

  /**
   * Looks at every copy that takes the place of a block.
   * @throws what the volume throws, other than damage
   */
  async *check(): AsyncGenerator<Finding> {
    for (const block of this.#blocks.keys()) {
      try {
        await this.#blockAfter(block);
      } catch (error) {
        yield findingOf(error, 'journal');
      }
    }
  }

  /** As of the volume below, but what the journal replaces is no hole. */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    const replaced = this.#replacedIn(offsetBytes, lengthBytes);
    if (replaced.length === 0) return this.#disk.extents(offsetBytes, lengthBytes);
    return [{ lengthBytes, isHole: false }];
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return this.#disk.prefetch?.(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  firstExcluded(offsetBytes: number, lengthBytes: number): number | undefined {
    return this.#disk.firstExcluded?.(offsetBytes, lengthBytes);
  }

  /** Does nothing: the volume is its owner's. */
  async close(): Promise<void> {}
}
