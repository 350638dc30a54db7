import { u16le } from '../integers.ts';

/** Longest table: every UTF-16 unit by itself. */
export const upCaseBytesMax: number = 65_536 * 2;

/** How a volume compares names: each UTF-16 unit with the one that stands for it. */
export class UpCaseTable {
  readonly #units: Uint16Array;

  private constructor(units: Uint16Array) {
    this.#units = units;
  }

  /**
   * Decodes the table: units in order; 0xffff and a count stand for as many that are themselves.
   * @param bytes - as it lies on the volume
   * @source Microsoft exFAT specification, §7.2.5
   */
  static decode(bytes: Uint8Array): UpCaseTable {
    const units = identity();
    let unit = 0;
    for (let at = 0; at + 2 <= bytes.length && unit < units.length; at += 2) {
      const value = u16le(bytes, at);
      if (value === 0xffff && at + 4 <= bytes.length) {
        at += 2;
        unit += u16le(bytes, at);
      } else {
        units[unit] = value;
        unit += 1;
      }
    }
    return new UpCaseTable(units);
  }

  /** The table for a volume whose own cannot be read: ASCII letters only, as the first 128 units of every table. */
  static ascii(): UpCaseTable {
    const units = identity();
    for (let unit = 0x61; unit <= 0x7a; unit += 1) units[unit] = unit - 0x20;
    return new UpCaseTable(units);
  }

  /** A name with every unit replaced. @param name - any text */
  folded(name: string): string {
    let text = '';
    for (let index = 0; index < name.length; index += 1) {
      text += String.fromCharCode(this.#units[name.charCodeAt(index)]!);
    }
    return text;
  }
}

function identity(): Uint16Array {
  return Uint16Array.from({ length: 65_536 }, (_, unit) => unit);
}

/**
 * Checksum of the table.
 * @param bytes - as it lies on the volume
 * @source Microsoft exFAT specification, §7.2.2
 */
export function upCaseChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (((sum & 1) << 31) + (sum >>> 1) + byte) >>> 0;
  return sum;
}
