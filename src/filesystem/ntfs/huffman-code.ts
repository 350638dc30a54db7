import type { BitReader } from './bit-reader.ts';

/** Bits that hold the length of a code in an entry of the table. */
const lengthBits = 5;
const lengthMask = (1 << lengthBits) - 1;

/** A canonical prefix code: shorter codes first, among equals the smaller symbol first. */
export class HuffmanCode {
  /** Symbol and length for each beginning of the stream that is as long as the longest code. */
  readonly #table: Uint16Array;
  readonly #bits: number;

  private constructor(table: Uint16Array, bits: number) {
    this.#table = table;
    this.#bits = bits;
  }

  /** Whether it has no symbols, so that nothing can be decoded with it. */
  get isEmpty(): boolean {
    return this.#bits === 0;
  }

  /**
   * Builds a code.
   * @param lengths - of each symbol's code, 0 … 16 bits; 0 for a symbol that does not occur
   * @returns undefined when the lengths make no whole code; a code without any symbol is one, as long as nothing is decoded
   */
  static from(lengths: Uint8Array): HuffmanCode | undefined {
    const counts = new Uint16Array(17);
    for (const length of lengths) counts[length]! += 1;
    counts[0] = 0;
    const bits = counts.findLastIndex((count) => count > 0);
    if (bits < 0) return new HuffmanCode(new Uint16Array(1), 0);
    const table = new Uint16Array(1 << bits);
    const next = new Uint32Array(17);
    let filled = 0;
    for (let length = 1; length <= bits; length += 1) {
      next[length] = filled;
      filled += counts[length]! << (bits - length);
    }
    if (filled !== table.length) return undefined;
    for (const [symbol, length] of lengths.entries()) {
      if (length === 0) continue;
      const start = next[length]!;
      next[length] = start + (1 << (bits - length));
      table.fill((symbol << lengthBits) | length, start, next[length]);
    }
    return new HuffmanCode(table, bits);
  }

  /**
   * Takes the next symbol.
   * @param reader - where from
   */
  decode(reader: BitReader): number {
    const entry = this.#table[reader.peek(this.#bits)]!;
    reader.skip(entry & lengthMask);
    return entry >> lengthBits;
  }
}
