import { u16le } from '../integers.ts';
import { attributeType } from './attribute.ts';
import type { FileTable } from './file-table.ts';
import { loadSystemFile } from './ntfs-file.ts';
import { gatherStream, streamBytes } from './stream.ts';
import { systemRecord } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

const unitCount = 65_536;

/** The upper case of each 16-bit unit, as a volume has it since it was made. */
export class UpperCase {
  readonly #units: Uint16Array;

  /** @param units - one for each 16-bit unit */
  constructor(units: Uint16Array) {
    this.#units = units;
  }

  /** The usual table, for a volume whose own is damaged. */
  static usual(): UpperCase {
    const units = new Uint16Array(unitCount);
    for (let unit = 0; unit < unitCount; unit += 1) {
      const upper = String.fromCharCode(unit).toUpperCase();
      units[unit] = upper.length === 1 ? upper.charCodeAt(0) : unit;
    }
    return new UpperCase(units);
  }

  /**
   * Reads the table of a volume.
   * @param volume - whose
   * @param table - its records
   * @throws FILE_SYSTEM_DAMAGED
   */
  static async read(volume: NtfsVolume, table: FileTable): Promise<UpperCase> {
    const file = await loadSystemFile(volume, table, systemRecord.upperCase);
    const name = { type: attributeType.data, name: '' };
    const stream = gatherStream(volume, file.attributes, name, file.place);
    const lengthBytes = Math.min(stream?.sizeBytes ?? 0, 2 * unitCount);
    const bytes =
      stream === undefined
        ? new Uint8Array()
        : await streamBytes(volume, stream, { offsetBytes: 0, lengthBytes });
    const units = new Uint16Array(unitCount);
    for (let unit = 0; unit < unitCount; unit += 1) {
      units[unit] = 2 * unit + 2 <= lengthBytes ? u16le(bytes, 2 * unit) : unit;
    }
    return new UpperCase(units);
  }

  /**
   * Compares two names without regard to case.
   * @param left - a name
   * @param right - another
   * @returns below 0 when the left one comes first, 0 when both are the same name
   */
  compare(left: string, right: string): number {
    const end = Math.min(left.length, right.length);
    for (let at = 0; at < end; at += 1) {
      const order = this.#units[left.charCodeAt(at)]! - this.#units[right.charCodeAt(at)]!;
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }

  /**
   * Compares two names as a directory's index orders them: without regard to case, then with it.
   * @param left - a name
   * @param right - another
   * @returns below 0 when the left one comes first, 0 when they are equal
   * @source ntfs-3g libntfs-3g/unistr.c, ntfs_names_full_collate
   */
  collate(left: string, right: string): number {
    const order = this.compare(left, right);
    if (order !== 0 || left === right) return order;
    return left < right ? -1 : 1;
  }
}
