import { FormatFault } from './format-fault.ts';

// A byte order mark is part of the text: what was written is read.
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads little-endian fields one after the other; every read is checked against the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  /** @param bytes - borrowed, never changed */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position;
  }

  /** Bytes left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** Reads an unsigned byte. @throws FormatFault past the end */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Reads an unsigned 16-bit number. @throws FormatFault past the end */
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  /** Reads an unsigned 32-bit number. @throws FormatFault past the end */
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /**
   * Reads an unsigned 64-bit number that must be a safe integer.
   * @throws FormatFault past the end or out of range
   */
  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (!Number.isSafeInteger(value)) throw new FormatFault('a number is out of range', at);
    return value;
  }

  /**
   * Borrows bytes.
   * @param lengthBytes - how many
   * @returns a view into the source, not a copy
   * @throws FormatFault past the end
   */
  bytes(lengthBytes: number): Uint8Array {
    const at = this.#take(lengthBytes);
    return this.#bytes.subarray(at, at + lengthBytes);
  }

  /**
   * Reads a text that is preceded by its length in 16 bits.
   * @param lengthBytesMax - longest text allowed, bytes of UTF-8
   * @throws FormatFault when it is longer, not UTF-8, or past the end
   */
  text(lengthBytesMax: number): string {
    const at = this.#position;
    const lengthBytes = this.u16();
    if (lengthBytes > lengthBytesMax) throw new FormatFault('a text is too long', at);
    try {
      return textDecoder.decode(Uint8Array.from(this.bytes(lengthBytes)));
    } catch (error) {
      if (error instanceof FormatFault) throw error;
      throw new FormatFault('a text is not UTF-8', at);
    }
  }

  /**
   * Reads a count and refuses one that cannot fit into what is left, so that a field's value never decides an allocation.
   * @param itemBytesMin - least bytes one item takes, 1 or more
   * @throws FormatFault when it cannot be true
   */
  count(itemBytesMin: number): number {
    const at = this.#position;
    const value = this.u32();
    if (value * itemBytesMin > this.remaining) throw new FormatFault('a count is too large', at);
    return value;
  }

  /**
   * Ends reading.
   * @throws FormatFault when bytes are left over
   */
  end(): void {
    if (this.remaining !== 0) throw new FormatFault('bytes are left over', this.#position);
  }

  #take(lengthBytes: number): number {
    if (lengthBytes > this.remaining) throw new FormatFault('the bytes end early', this.#position);
    const at = this.#position;
    this.#position += lengthBytes;
    return at;
  }
}
