import { setImmediate as nextTurn } from 'node:timers/promises';
import { isIndexDamage } from '../index-tables/index-damage.ts';
import { walkRowsPerTurn } from '../index-tables/index-limits.ts';
import type { IndexTables } from '../index-tables/index-tables.ts';

/** Faults of the index told one by one; a rebuild mends all of them at once. */
const faultsMax = 100;
/** Where a chunk lies whose row in the index is damaged; no segment has this number. */
const unknownSegment = 2 ** 32 - 1;

/**
 * What the index expects in which segment: groups with their chunks, and commit records. Two 32-bit numbers a chunk and its
 * place in the order by segment: 12 bytes a chunk, 240 MB at 20 million; a number a commit.
 */
export interface ExpectedEntries {
  /** What is wrong with the index itself. */
  readonly faults: readonly string[];
  /** Segments in which anything is expected. Segment 0 stands for chunks that no segment holds any more. */
  segments(): number[];
  /**
   * @param segment - number
   * @returns numbers of all chunks in it
   */
  chunksIn(segment: number): number[];
  /**
   * @param segment - number
   * @param offsetBytes - of a group
   * @returns numbers of the chunks in it
   */
  chunksAt(segment: number, offsetBytes: number): number[];
  /**
   * @param segment - number
   * @returns offsets of groups and records, bytes
   */
  offsetsIn(segment: number): { readonly groups: Set<number>; readonly records: Set<number> };
}

/**
 * Reads the place of every chunk and every commit, in slices.
 * @param tables - the indexes
 * @param signal - ends the work early
 * @throws IO_FAILED; the signal's reason
 */
export async function expectedEntries(
  tables: IndexTables,
  signal?: AbortSignal,
): Promise<ExpectedEntries> {
  const faults: string[] = [];
  const noting = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isIndexDamage(error)) throw error;
      if (faults.length < faultsMax) faults.push(error.message);
      return undefined;
    }
  };
  const { chunkCount } = tables.state().counters;
  const segmentOf = new Uint32Array(chunkCount + 1);
  const offsetOf = new Uint32Array(chunkCount + 1);
  for (let number = 1; number <= chunkCount; number++) {
    if (number % walkRowsPerTurn === 0) await nextTurn(undefined, { signal });
    const place = noting(() => tables.chunks.placeOf(number));
    segmentOf[number] = place?.segment ?? unknownSegment;
    offsetOf[number] = place?.entryOffsetBytes ?? 0;
  }
  const records = new Map<number, Set<number>>();
  for (let machine = 1; machine <= tables.names.machines.length; machine++) {
    for await (const { segment, offsetBytes } of commitsOf(tables, machine, noting)) {
      const offsets = records.get(segment) ?? new Set();
      records.set(segment, offsets.add(offsetBytes));
    }
  }
  return new EntryLists(segmentOf, offsetOf, records, faults);
}

async function* commitsOf(
  tables: IndexTables,
  machine: number,
  noting: <T>(read: () => T) => T | undefined,
): AsyncGenerator<{ segment: number; offsetBytes: number }> {
  let fromMicros = 0;
  for (;;) {
    const query = { machine, fromMicros, order: 'oldest-first' as const, limit: walkRowsPerTurn };
    const page = noting(() => tables.commits.list(query)) ?? [];
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < walkRowsPerTurn) return;
    fromMicros = last.timeMicros + 1;
    await nextTurn();
  }
}

class EntryLists implements ExpectedEntries {
  readonly faults: readonly string[];
  readonly #offsetOf: Uint32Array;
  readonly #order: Uint32Array;
  readonly #ranges: ReadonlyMap<number, { readonly from: number; readonly to: number }>;
  readonly #records: ReadonlyMap<number, Set<number>>;

  constructor(
    segmentOf: Uint32Array,
    offsetOf: Uint32Array,
    records: ReadonlyMap<number, Set<number>>,
    faults: readonly string[],
  ) {
    this.#offsetOf = offsetOf;
    this.#records = records;
    this.faults = faults;
    this.#order = orderBySegment(segmentOf);
    this.#ranges = rangesOf(this.#order, segmentOf);
  }

  segments(): number[] {
    return [...new Set([...this.#ranges.keys(), ...this.#records.keys()])];
  }

  chunksIn(segment: number): number[] {
    const range = this.#ranges.get(segment);
    return range === undefined ? [] : [...this.#order.subarray(range.from, range.to)];
  }

  chunksAt(segment: number, offsetBytes: number): number[] {
    return this.chunksIn(segment).filter((number) => this.#offsetOf[number] === offsetBytes);
  }

  offsetsIn(segment: number): { readonly groups: Set<number>; readonly records: Set<number> } {
    const groups = this.chunksIn(segment).map((number) => this.#offsetOf[number] ?? 0);
    return { groups: new Set(groups), records: this.#records.get(segment) ?? new Set() };
  }
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
    if (segment === unknownSegment) continue;
    const range = ranges.get(segment);
    if (range === undefined) ranges.set(segment, { from: position, to: position + 1 });
    else range.to = position + 1;
  }
  return ranges;
}
