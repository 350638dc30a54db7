/** Damaged places remembered one by one; a store with more is lost as a whole, and is named by a check. */
const placesMax = 100_000;

/**
 * Places in segments that were found damaged since the repository was opened. A chunk that lies there counts as not stored:
 * when its content comes again it is stored anew, and points that show it are whole again.
 */
export class KnownDamage {
  readonly #segments = new Set<number>();
  readonly #entries = new Set<number>();

  /**
   * Notes what became of opening an entry.
   * @param segment - number
   * @param offsetBytes - of the entry
   * @param isDamaged - whether it did not open
   */
  noteEntry(segment: number, offsetBytes: number, isDamaged: boolean): void {
    const key = keyOf(segment, offsetBytes);
    if (!isDamaged) this.#entries.delete(key);
    else if (this.#entries.size < placesMax) this.#entries.add(key);
  }

  /**
   * Notes what became of opening a segment.
   * @param segment - number
   * @param isDamaged - whether nothing of it can be read
   */
  noteSegment(segment: number, isDamaged: boolean): void {
    if (!isDamaged) this.#segments.delete(segment);
    else if (this.#segments.size < placesMax) this.#segments.add(segment);
  }

  /**
   * Tells whether a chunk can certainly not be read.
   * @param place - where the index says it lies; segment 0 stands for nowhere
   */
  has(place: { readonly segment: number; readonly entryOffsetBytes: number }): boolean {
    const { segment, entryOffsetBytes } = place;
    if (segment === 0) return true;
    return this.#segments.has(segment) || this.#entries.has(keyOf(segment, entryOffsetBytes));
  }
}

function keyOf(segment: number, offsetBytes: number): number {
  return segment * 2 ** 32 + offsetBytes;
}
