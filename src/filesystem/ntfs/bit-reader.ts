import { u16le } from '../integers.ts';

/**
 * Bits of a stream of 16-bit little-endian words, highest bit first, as Xpress and LZX write them. Behind the end come zeroes: a stream
 * that is cut off decodes to something, and whoever decodes it sees that too much was taken.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bits = 0;
  #count = 0;

  /** @param bytes - the stream; borrowed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether more was taken than there is; words and bytes read ahead do not count. */
  get isOverrun(): boolean {
    return this.#at - 2 * (this.#count >> 4) > this.#bytes.length;
  }

  /**
   * The next bits, without taking them.
   * @param count - 0 … 16
   */
  peek(count: number): number {
    if (this.#count < count) this.#fill();
    return count === 0 ? 0 : (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /**
   * Takes bits that were peeked.
   * @param count - at most as many as were peeked
   */
  skip(count: number): void {
    this.#count -= count;
  }

  /**
   * Takes the next bits.
   * @param count - 0 … 16
   */
  take(count: number): number {
    const bits = this.peek(count);
    this.#count -= count;
    return bits;
  }

  /** Gives up the rest of the word begun, or a whole word where none is: raw bytes begin behind it. */
  align(): void {
    this.peek(1);
    this.#at -= 2 * (this.#count >> 4);
    this.#count = 0;
  }

  /** Takes a whole byte from where the next word would be read. */
  byte(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  /** Words are taken whole; at most 31 bits are held at once. */
  #fill(): void {
    const word = this.#at + 2 <= this.#bytes.length ? u16le(this.#bytes, this.#at) : 0;
    this.#at += 2;
    this.#bits = ((this.#bits & 0xffff) << 16) | word;
    this.#count += 16;
  }
}
