import { chunkNameBytes } from '../../format/chunk-group.ts';

const nameWords = chunkNameBytes / 4;
const firstCapacity = 64;

/**
 * Chunk names in order of their first appearance, found by name. Names are hashes, so their own first bytes say where to
 * look; all of it lies in typed arrays, since a commit of small writes has many thousands of them.
 */
export class NameList {
  #count = 0;
  #words = new Uint32Array(firstCapacity * nameWords);
  /** Positions from 1; 0: free. Twice as many places as names. */
  #slots = new Uint32Array(firstCapacity * 2);
  #numbers = new Float64Array(firstCapacity);

  /** How many names there are. */
  get count(): number {
    return this.#count;
  }

  /** All names, 32 bytes each; borrowed until the next one is added. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer, 0, this.#count * chunkNameBytes);
  }

  /**
   * Finds a name.
   * @param words - names, 32 bytes each, as eight words
   * @param index - which of them
   * @returns its position here, from 1; 0 when it is not
   */
  find(words: Uint32Array, index: number): number {
    return this.#slots[this.#slotOf(words, index * nameWords)] ?? 0;
  }

  /**
   * Adds a name that is not here yet.
   * @param words - names, 32 bytes each, as eight words; copied
   * @param index - which of them
   * @returns its position, from 1
   */
  add(words: Uint32Array, index: number): number {
    if (this.#count === this.#numbers.length) this.#grow();
    const from = index * nameWords;
    const target = this.#count * nameWords;
    for (let word = 0; word < nameWords; word++) this.#words[target + word] = words[from + word]!;
    this.#count++;
    this.#slots[this.#slotOf(words, from)] = this.#count;
    return this.#count;
  }

  /**
   * @param position - from 1
   * @returns the chunk's number in the index; 0 when it is not known
   */
  numberAt(position: number): number {
    return this.#numbers[position - 1] ?? 0;
  }

  /**
   * Notes a chunk's number in the index.
   * @param position - from 1
   * @param number - from 1
   */
  setNumber(position: number, number: number): void {
    this.#numbers[position - 1] = number;
  }

  /**
   * @param position - from 1
   * @returns the name, 32 bytes, borrowed until the next one is added
   */
  nameAt(position: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, (position - 1) * chunkNameBytes, chunkNameBytes);
  }

  /** @returns the place that holds the name, or the free one where it belongs */
  #slotOf(words: Uint32Array, from: number): number {
    const mask = this.#slots.length - 1;
    let slot = words[from]! & mask;
    for (;;) {
      const position = this.#slots[slot]!;
      if (position === 0 || this.#isAt(position, words, from)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(position: number, words: Uint32Array, from: number): boolean {
    const at = (position - 1) * nameWords;
    for (let word = 0; word < nameWords; word++) {
      if (this.#words[at + word] !== words[from + word]) return false;
    }
    return true;
  }

  #grow(): void {
    const capacity = this.#numbers.length * 2;
    const [words, numbers] = [this.#words, this.#numbers];
    this.#words = new Uint32Array(capacity * nameWords);
    this.#words.set(words);
    this.#numbers = new Float64Array(capacity);
    this.#numbers.set(numbers);
    this.#slots = new Uint32Array(capacity * 2);
    for (let index = 0; index < this.#count; index++) {
      this.#slots[this.#slotOf(words, index * nameWords)] = index + 1;
    }
  }
}
