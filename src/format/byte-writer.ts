import { strict as assert } from 'node:assert';

const textEncoder = new TextEncoder();

/** Writes little-endian fields one after the other into memory that grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #position = 0;

  /** @param expectedBytes - first guess of the size, bytes */
  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(Math.max(expectedBytes, 64));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get position(): number {
    return this.#position;
  }

  /** @param value - 0 to 255 */
  u8(value: number): this {
    if ((value & 0xff) !== value) refuse(value, 8);
    const at = this.#claim(1);
    this.#view.setUint8(at, value);
    return this;
  }

  /** @param value - 0 to 65,535 */
  u16(value: number): this {
    if ((value & 0xffff) !== value) refuse(value, 16);
    const at = this.#claim(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** @param value - 0 to 2^32 − 1 */
  u32(value: number): this {
    if (value >>> 0 !== value) refuse(value, 32);
    const at = this.#claim(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** @param value - safe integer, 0 or more */
  u64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0);
    const at = this.#claim(8);
    this.#view.setUint32(at, value % 2 ** 32, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    return this;
  }

  /** @param source - copied */
  bytes(source: Uint8Array): this {
    const at = this.#claim(source.length);
    this.#bytes.set(source, at);
    return this;
  }

  /** @param value - text of at most 65,535 bytes of UTF-8, preceded by its length */
  text(value: string): this {
    const encoded = textEncoder.encode(value);
    assert(encoded.length <= 0xffff);
    return this.u16(encoded.length).bytes(encoded);
  }

  /** @returns what was written; borrowed, valid until the next write */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#position);
  }

  #claim(lengthBytes: number): number {
    const at = this.#position;
    this.#position += lengthBytes;
    if (this.#position > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#position));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** DataView would write another number without a word. */
function refuse(value: number, bits: number): never {
  assert.fail(`${value} does not fit ${bits} bits`);
}
