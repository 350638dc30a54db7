import { isIndexDamage } from '../index-tables/index-damage.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';

/** Faults of the index told one by one; a rebuild mends all of them at once. */
const faultsMax = 100;

/**
 * Which chunks the index expects in which group of which segment. Two 32-bit numbers a chunk and its place in the order
 * by segment: 12 bytes a chunk, 240 MB at 20 million.
 */
export class GroupChunks {
  /** What is wrong with the index itself. */
  readonly faults: readonly string[];
  readonly #offsetOf: Uint32Array;
  readonly #order: Uint32Array;
  readonly #starts: ReadonlyMap<number, { readonly from: number; readonly to: number }>;

  /**
   * @param segmentOf - segment of each chunk, by number; entry 0 is unused
   * @param offsetOf - offset of its group, bytes
   * @param faults - what was wrong while reading
   */
  constructor(segmentOf: Uint32Array, offsetOf: Uint32Array, faults: readonly string[]) {
    this.#offsetOf = offsetOf;
    this.faults = faults;
    this.#order = orderBySegment(segmentOf);
    this.#starts = rangesOf(this.#order, segmentOf);
  }

  /** Segments that hold at least one chunk. */
  segments(): number[] {
    return [...this.#starts.keys()];
  }

  /** @param segment - number @returns numbers of all chunks in it */
  inSegment(segment: number): number[] {
    const range = this.#starts.get(segment);
    return range === undefined ? [] : [...this.#order.subarray(range.from, range.to)];
  }

  /** @param segment - number @returns offsets of the groups that hold chunks, bytes, ascending */
  groupsIn(segment: number): number[] {
    const offsets = new Set(this.inSegment(segment).map((number) => this.#offset(number)));
    return [...offsets].sort((left, right) => left - right);
  }

  /** @param segment - number @param offsetBytes - of a group @returns numbers of the chunks in it */
  at(segment: number, offsetBytes: number): number[] {
    return this.inSegment(segment).filter((number) => this.#offset(number) === offsetBytes);
  }

  #offset(chunkNumber: number): number {
    return this.#offsetOf[chunkNumber] ?? 0;
  }
}

/**
 * Reads the place of every chunk.
 * @param tables - the indexes
 * @throws IO_FAILED
 */
export function chunksByGroup(tables: IndexTables): GroupChunks {
  const { chunkCount } = tables.state().counters;
  const segmentOf = new Uint32Array(chunkCount + 1);
  const offsetOf = new Uint32Array(chunkCount + 1);
  const faults: string[] = [];
  for (let number = 1; number <= chunkCount; number++) {
    try {
      const place = tables.chunks.placeOf(number);
      segmentOf[number] = place.segment;
      offsetOf[number] = place.entryOffsetBytes;
    } catch (error) {
      if (!isIndexDamage(error)) throw error;
      if (faults.length < faultsMax) faults.push(error.message);
    }
  }
  return new GroupChunks(segmentOf, offsetOf, faults);
}

function orderBySegment(segmentOf: Uint32Array): Uint32Array {
  const order = Uint32Array.from({ length: segmentOf.length - 1 }, (_, index) => index + 1);
  return order.sort((left, right) => (segmentOf[left] ?? 0) - (segmentOf[right] ?? 0));
}

function rangesOf(
  order: Uint32Array,
  segmentOf: Uint32Array,
): Map<number, { from: number; to: number }> {
  const ranges = new Map<number, { from: number; to: number }>();
  for (const [position, number] of order.entries()) {
    const segment = segmentOf[number] ?? 0;
    const range = ranges.get(segment);
    if (range === undefined) ranges.set(segment, { from: position, to: position + 1 });
    else range.to = position + 1;
  }
  return ranges;
}
