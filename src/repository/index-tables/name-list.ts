import { chunkNameBytes } from '../../format/chunk-group.ts';

const nameWords = chunkNameBytes / 4;
const firstCapacity = 64;

const scratch = new Uint32Array(nameWords);
const scratchBytes = new Uint8Array(scratch.buffer);

/**
 * A name as words, wherever in memory it lies.
 * @param name - 32 bytes
 * @returns a copy, valid until the next call
 */
export function wordsOf(name: Uint8Array): Uint32Array {
  scratchBytes.set(name);
  return scratch;
}

/**
 * Chunk names in order of their first appearance, found by name. Names are hashes, so their own first bytes say where to
 * look; all of it lies in typed arrays, since a commit of small writes has many thousands of them.
 */
export class NameList {
  #count = 0;
  #words = new Uint32Array(firstCapacity * nameWords);
  /** Positions from 1; 0: free. Twice as many places as names. */
  #slots = new Uint32Array(firstCapacity * 2);

  /** How many names there are. */
  get count(): number {
    return this.#count;
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
    if (this.#count * nameWords === this.#words.length) this.#grow();
    const from = index * nameWords;
    const target = this.#count * nameWords;
    for (let word = 0; word < nameWords; word++) this.#words[target + word] = words[from + word]!;
    this.#count++;
    this.#slots[this.#slotOf(words, from)] = this.#count;
    return this.#count;
  }

  /**
   * @param position - from 1
   * @returns the name, 32 bytes, borrowed until the next one is added
   */
  nameAt(position: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, (position - 1) * chunkNameBytes, chunkNameBytes);
  }

  /**
   * @param position - from 1
   * @param word - which of the name's words, 0 to 7
   */
  wordAt(position: number, word: number): number {
    return this.#words[(position - 1) * nameWords + word] ?? 0;
  }

  /**
   * Forgets the names that were added last.
   * @param count - how many stay
   */
  shorten(count: number): void {
    this.#count = Math.min(this.#count, count);
    this.#fill(this.#slots.length);
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
    const words = this.#words;
    this.#words = new Uint32Array(words.length * 2);
    this.#words.set(words);
    this.#fill(this.#slots.length * 2);
  }

  #fill(slotCount: number): void {
    this.#slots = new Uint32Array(slotCount);
    for (let index = 0; index < this.#count; index++) {
      this.#slots[this.#slotOf(this.#words, index * nameWords)] = index + 1;
    }
  }
}
