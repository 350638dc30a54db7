import { regionBlocks } from '../../base/limits.ts';

/** Set of regions of a disk, one bit each; takes memory only once something is in it. */
export class RegionSet {
  readonly #regionCount: number;
  #words: Uint32Array | undefined;
  #count = 0;

  /** @param regionCount - regions of the disk */
  constructor(regionCount: number) {
    this.#regionCount = regionCount;
  }

  /** Regions in the set. */
  get count(): number {
    return this.#count;
  }

  /** Whether a region is in the set. @param region - its number */
  has(region: number): boolean {
    return this.#words !== undefined && (this.#words[region >>> 5]! & (1 << (region & 31))) !== 0;
  }

  /** Puts a region in. @param region - its number */
  add(region: number): void {
    if (this.has(region)) return;
    this.#words ??= new Uint32Array(Math.ceil(this.#regionCount / 32));
    this.#words[region >>> 5]! |= 1 << (region & 31);
    this.#count++;
  }

  /**
   * Puts in every region that a range of blocks touches.
   * @param firstBlock - start of the range
   * @param endBlock - its end, exclusive
   */
  addBlocks(firstBlock: number, endBlock: number): void {
    const end = Math.ceil(endBlock / regionBlocks);
    for (let region = Math.floor(firstBlock / regionBlocks); region < end; region++) {
      this.add(region);
    }
  }

  /** Takes a region out. @param region - its number */
  remove(region: number): void {
    if (!this.has(region)) return;
    this.#words![region >>> 5]! &= ~(1 << (region & 31));
    this.#count--;
  }

  /**
   * Finds the next region of the set.
   * @param from - where to begin looking
   * @returns its number, -1 when there is none
   */
  next(from: number): number {
    if (this.#words === undefined || this.#count === 0) return -1;
    let region = from;
    while (region < this.#regionCount) {
      const rest = this.#words[region >>> 5]! >>> (region & 31);
      if (rest === 0) {
        region = (region | 31) + 1;
        continue;
      }
      const found = region + 31 - Math.clz32(rest & -rest);
      return found < this.#regionCount ? found : -1;
    }
    return -1;
  }

  /**
   * Whether any region of a range is in the set.
   * @param from - first region
   * @param end - end, exclusive
   */
  hasAny(from: number, end: number): boolean {
    const found = this.next(from);
    return found >= 0 && found < end;
  }

  /** Moves everything into another set of the same disk. @param target - receives the regions */
  moveTo(target: RegionSet): void {
    for (let region = this.next(0); region >= 0; region = this.next(region + 1)) target.add(region);
    this.#words = undefined;
    this.#count = 0;
  }
}
