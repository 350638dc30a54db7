/** Why bytes cannot be unpacked; turned into damage of the file by whoever knows where they lie. */
export class LzoFault extends Error {}

/**
 * Unpacks one LZO1X stream. Copies are told by codes whose first byte says how far back and how long; between them lie literal bytes,
 * whose number up to three rides in the last two bits of the code before.
 * @param source - the stream; borrowed
 * @param target - is filled from its start
 * @returns bytes written
 * @throws LzoFault when the stream reaches behind either end, or does not end
 * @source Linux Documentation/staging/lzo.rst, "LZO stream format as understood by Linux's LZO decompressor"
 */
export function unpackLzo(source: Uint8Array, target: Uint8Array): number {
  return new LzoStream(source, target).unpack();
}

const endDistance = 0x4000;

class LzoStream {
  readonly #source: Uint8Array;
  readonly #target: Uint8Array;
  #at = 0;
  #written = 0;
  /** Literals copied by the last code, 0 … 3; 4 after a long run: the meaning of codes below 16 depends on it. */
  #state = 0;

  constructor(source: Uint8Array, target: Uint8Array) {
    this.#source = source;
    this.#target = target;
  }

  unpack(): number {
    this.#begin();
    while (this.#step());
    return this.#written;
  }

  /** The first byte may be a run of literals of its own. */
  #begin(): void {
    const first = this.#source[0] ?? 0;
    if (first <= 17) return;
    this.#at = 1;
    const length = first - 17;
    this.#literals(length);
    this.#state = Math.min(length, 4);
  }

  /** @returns false at the end of the stream */
  #step(): boolean {
    const code = this.#byte();
    if (code >= 64) this.#shortCopy(code);
    else if (code >= 32) this.#middleCopy(code);
    else if (code >= 16) return this.#farCopy(code);
    else this.#lowCode(code);
    return true;
  }

  #lowCode(code: number): void {
    if (this.#state === 0) {
      this.#literals(3 + (code === 0 ? 15 + this.#longLength() : code));
      this.#state = 4;
      return;
    }
    const isAfterRun = this.#state === 4;
    const distance = (code >>> 2) + (this.#byte() << 2) + (isAfterRun ? 2049 : 1);
    this.#copy(distance, isAfterRun ? 3 : 2, code & 3);
  }

  #shortCopy(code: number): void {
    const distance = ((code >>> 2) & 7) + (this.#byte() << 3) + 1;
    this.#copy(distance, (code >>> 5) + 1, code & 3);
  }

  #middleCopy(code: number): void {
    const length = code & 31;
    const whole = 2 + (length === 0 ? 31 + this.#longLength() : length);
    const tail = this.#pair();
    this.#copy((tail >>> 2) + 1, whole, tail & 3);
  }

  #farCopy(code: number): boolean {
    const length = code & 7;
    const whole = 2 + (length === 0 ? 7 + this.#longLength() : length);
    const tail = this.#pair();
    const distance = ((code & 8) << 11) + (tail >>> 2);
    if (distance === 0) return false;
    this.#copy(distance + endDistance, whole, tail & 3);
    return true;
  }

  /**
   * Each zero byte stands for 255; the first other one ends the number.
   * @throws LzoFault
   */
  #longLength(): number {
    let length = 0;
    for (;;) {
      const byte = this.#byte();
      if (byte !== 0) return length + byte;
      length += 255;
      if (length > this.#target.length) throw new LzoFault('a length is too long');
    }
  }

  #copy(distance: number, length: number, literals: number): void {
    const from = this.#written - distance;
    if (from < 0 || this.#written + length > this.#target.length)
      throw new LzoFault('a copy reaches behind an end');
    // The source may overlap what is being written, so it goes byte by byte.
    for (let index = 0; index < length; index += 1)
      this.#target[this.#written + index] = this.#target[from + index]!;
    this.#written += length;
    this.#literals(literals);
    this.#state = literals;
  }

  #literals(length: number): void {
    const end = this.#at + length;
    if (end > this.#source.length || this.#written + length > this.#target.length)
      throw new LzoFault('literals reach behind an end');
    this.#target.set(this.#source.subarray(this.#at, end), this.#written);
    this.#at = end;
    this.#written += length;
  }

  #pair(): number {
    return this.#byte() | (this.#byte() << 8);
  }

  #byte(): number {
    if (this.#at >= this.#source.length) throw new LzoFault('it is cut off');
    const byte = this.#source[this.#at]!;
    this.#at += 1;
    return byte;
  }
}
