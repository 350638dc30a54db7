import type { SecondwindError } from '../../base/errors.ts';
import { isSummedUp } from './checksum.ts';
import type { ContentChecksums } from './content-checksums.ts';
import type { BtrfsVolume } from './volume.ts';

/** A run of whole sectors of content. */
export interface SectorRun {
  /** For errors: "tree 5, inode 257, content". */
  readonly structure: string;
  /** Address of the first, bytes. */
  readonly logicalBytes: number;
  /** Whether each has a checksum that must fit. */
  readonly isSummedUp: boolean;
}

/** Reads sectors of content, verifies them, and takes another copy of each that is damaged. */
export class SectorReader {
  readonly #volume: BtrfsVolume;
  readonly #checksums: ContentChecksums;

  /**
   * @param volume - the volume
   * @param checksums - of its content
   */
  constructor(volume: BtrfsVolume, checksums: ContentChecksums) {
    this.#volume = volume;
    this.#checksums = checksums;
  }

  /**
   * Reads a run.
   * @param target - filled; its length is a multiple of the sector
   * @param run - see SectorRun
   * @throws FILE_SYSTEM_DAMAGED when no copy of a sector is sound
   */
  async read(target: Uint8Array, run: SectorRun): Promise<void> {
    const { logicalBytes, structure } = run;
    const copies = this.#volume.copiesOf(logicalBytes, target.length, structure);
    await this.#volume.disk.read(target, copies[0]!);
    if (run.isSummedUp) await this.#verify(target, run, copies);
  }

  async #verify(target: Uint8Array, run: SectorRun, copies: readonly number[]): Promise<void> {
    const { sectorBytes, checksum } = this.#volume.superblock;
    let sums: Uint8Array | undefined;
    for (let done = 0; done < target.length; done += sectorBytes) {
      if (sums === undefined || sums.length < checksum.lengthBytes)
        sums = await this.#checksums.from(run.logicalBytes + done);
      const sector = target.subarray(done, done + sectorBytes);
      if (sums === undefined || !isSummedUp(checksum, sector, sums)) {
        const places = copies.map((copy) => copy + done);
        await this.#otherCopy(sector, { run, sums, places });
      }
      sums = sums?.subarray(checksum.lengthBytes);
    }
  }

  async #otherCopy(
    sector: Uint8Array,
    wanted: {
      readonly run: SectorRun;
      readonly sums: Uint8Array | undefined;
      readonly places: readonly number[];
    },
  ): Promise<void> {
    const { run, sums, places } = wanted;
    if (sums === undefined) throw this.#damage(run, places[0]!, 'it has no checksum');
    for (const place of places.slice(1)) {
      await this.#volume.disk.read(sector, place);
      if (isSummedUp(this.#volume.superblock.checksum, sector, sums)) return;
    }
    throw this.#damage(run, places[0]!, 'its checksum does not fit');
  }

  #damage({ structure }: SectorRun, offsetBytes: number, reason: string): SecondwindError {
    return this.#volume.damage({ structure, offsetBytes }, reason);
  }
}
