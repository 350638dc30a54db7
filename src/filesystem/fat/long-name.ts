import { u16le } from '../integers.ts';

/** Places of the 13 UTF-16 units within an entry of a long name. */
const unitPlaces = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/** Entries of the longest name: 255 units. */
const piecesMax = 20;

/**
 * Gathers a long name from the entries in front of the short one.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | number of the piece, from 1; bit 6: the last piece, which comes first |
 * | 1, 14, 28 | 10, 12, 4 | units of UTF-16; 0 ends the name, 0xffff fills up |
 * | 11 | 1 | 0x0f |
 * | 13 | 1 | checksum of the short name |
 * @source Microsoft FAT specification (fatgen103), "FAT Long Directory Entries"
 */
export class LongName {
  #text = '';
  #checksum = 0;
  #nextPiece = 0;

  /** Forgets what was gathered. */
  reset(): void {
    this.#nextPiece = 0;
    this.#text = '';
  }

  /**
   * Takes the next piece; pieces out of order are dropped.
   * @param entry - 32 bytes
   */
  add(entry: Uint8Array): void {
    const mark = entry[0]!;
    const piece = mark & 0x3f;
    const isLast = (mark & 0x40) !== 0;
    if (isLast) this.#begin(piece, entry[13]!);
    if (piece === 0 || piece !== this.#nextPiece || entry[13] !== this.#checksum) {
      this.reset();
      return;
    }
    this.#text = unitsOf(entry) + this.#text;
    // 0 would wait for a last piece again, so a complete name waits for the short entry with -1.
    this.#nextPiece = piece === 1 ? -1 : piece - 1;
  }

  /**
   * Ends the name.
   * @param shortEntry - the entry behind it
   * @returns the name; undefined when there is none that belongs to this entry
   */
  take(shortEntry: Uint8Array): string | undefined {
    const isWhole = this.#nextPiece === -1 && shortNameChecksum(shortEntry) === this.#checksum;
    const text = this.#text;
    this.reset();
    return isWhole && text !== '' ? text : undefined;
  }

  #begin(piece: number, checksum: number): void {
    this.#text = '';
    this.#checksum = checksum;
    this.#nextPiece = piece <= piecesMax ? piece : 0;
  }
}

function unitsOf(entry: Uint8Array): string {
  let text = '';
  for (const place of unitPlaces) {
    const unit = u16le(entry, place);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
}

/**
 * Checksum by which the pieces of a long name know their short one.
 * @param entry - its first 11 bytes are the name
 */
export function shortNameChecksum(entry: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < 11; index += 1) {
    sum = (((sum & 1) << 7) + (sum >> 1) + entry[index]!) & 0xff;
  }
  return sum;
}
