/** Position of a block that the index knows, but that holds no data: it was zeroed after it was written. */
export const noPosition = -1;

const capacityMin = 1024;
const emptyKey = -1;

/**
 * Block number → position, for the blocks of one window: open addressing over typed arrays, so that a write costs no
 * allocation. Slots stay valid until the next call of `reserve` or `clear`.
 */
export class BlockIndex {
  #keys: Float64Array = new Float64Array(capacityMin).fill(emptyKey);
  #positions: Int32Array = new Int32Array(capacityMin);
  /** Slots in order of first use; makes listing and clearing cost what was used, not what is there. */
  #slots: Int32Array = new Int32Array(capacityMin / 2);
  #count = 0;
  #shift: number = 32 - Math.log2(capacityMin);

  /** Blocks known. */
  get count(): number {
    return this.#count;
  }

  /** Makes room, so that as many calls of `slot` need no growth. @param blockCount - blocks about to be added */
  reserve(blockCount: number): void {
    if (this.#count + blockCount <= this.#slots.length) return;
    let capacity = this.#keys.length;
    while (this.#count + blockCount > capacity / 2) capacity *= 2;
    this.#rehash(capacity);
  }

  /**
   * Finds a block, adding it without a position when it is new. Room for it has been reserved.
   * @param block - block number
   * @returns its slot
   */
  slot(block: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = Math.imul(block, 0x9e3779b1) >>> this.#shift;
    for (;;) {
      const key = keys[slot];
      if (key === block) return slot;
      if (key === emptyKey) break;
      slot = (slot + 1) & mask;
    }
    keys[slot] = block;
    this.#positions[slot] = noPosition;
    this.#slots[this.#count++] = slot;
    return slot;
  }

  /**
   * Finds a block without adding it.
   * @param block - block number
   * @returns its slot, or -1
   */
  find(block: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = Math.imul(block, 0x9e3779b1) >>> this.#shift;
    while (keys[slot] !== emptyKey) {
      if (keys[slot] === block) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** Where a block lies. @param slot - its slot */
  positionAt(slot: number): number {
    return this.#positions[slot]!;
  }

  /**
   * Says where a block lies.
   * @param slot - its slot
   * @param position - place in the pool, or `noPosition`
   */
  setPositionAt(slot: number, position: number): void {
    this.#positions[slot] = position;
  }

  /**
   * Takes the position from every block of a range that is known.
   * @param firstBlock - start of the range
   * @param endBlock - its end, exclusive
   */
  forget(firstBlock: number, endBlock: number): void {
    if (endBlock - firstBlock < this.#count) {
      for (let block = firstBlock; block < endBlock; block++) {
        const slot = this.find(block);
        if (slot >= 0) this.#positions[slot] = noPosition;
      }
      return;
    }
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!;
      const block = this.#keys[slot]!;
      if (block >= firstBlock && block < endBlock) this.#positions[slot] = noPosition;
    }
  }

  /**
   * Lists the blocks that have a position.
   * @returns their numbers, ascending, and their positions in the same order
   */
  sorted(): { blocks: Float64Array; positions: Int32Array } {
    const blocks = new Float64Array(this.#count);
    let count = 0;
    let isAscending = true;
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!;
      if (this.#positions[slot] === noPosition) continue;
      const block = this.#keys[slot]!;
      if (count > 0 && blocks[count - 1]! > block) isAscending = false;
      blocks[count++] = block;
    }
    const listed = count === this.#count ? blocks : blocks.slice(0, count);
    if (!isAscending) listed.sort();
    const positions = new Int32Array(count);
    for (let i = 0; i < count; i++) positions[i] = this.#positions[this.find(listed[i]!)]!;
    return { blocks: listed, positions };
  }

  /** Forgets everything; keeps the memory. */
  clear(): void {
    for (let i = 0; i < this.#count; i++) this.#keys[this.#slots[i]!] = emptyKey;
    this.#count = 0;
  }

  #rehash(capacity: number): void {
    const keys = this.#keys;
    const positions = this.#positions;
    const slots = this.#slots;
    const count = this.#count;
    this.#keys = new Float64Array(capacity).fill(emptyKey);
    this.#positions = new Int32Array(capacity);
    this.#slots = new Int32Array(capacity / 2);
    this.#shift = 32 - Math.log2(capacity);
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      this.#positions[this.slot(keys[slot]!)] = positions[slot]!;
    }
  }
}
