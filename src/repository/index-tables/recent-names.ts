import type { StoreWrite } from '../../keyvalue/ordered-store.ts';
import { NameList } from './name-list.ts';
import type { NameRows } from './name-rows.ts';

/** Names on their way into the table: in order of the table's keys, entered up to a place. */
interface Merge {
  readonly names: NameList;
  /** Number of the first of them. */
  readonly firstNumber: number;
  /** Positions, from 1, by the first bytes of their names. */
  readonly order: Uint32Array;
  /** How many were handed to the store. */
  taken: number;
  /** How many of these are in the store. */
  entered: number;
}

/**
 * The names of the newest chunks, which are not all in the table `names` yet. That table is in random order, so entering
 * every commit's names would write a page for nearly each of them. Instead they are gathered here, and once there are many
 * they are entered in the order of the table, a slice with each batch, so that a page takes all that belongs into it at
 * once. Nothing is lost with this memory: the names stand in `places` too, and are read from there at opening.
 */
export class RecentNames {
  readonly #rows: NameRows;
  readonly #namesMax: number;
  #merge: Merge | undefined;
  #names = new NameList();
  #firstNumber: number;
  #addedSinceTake = 0;

  /**
   * @param rows - the table
   * @param namedCount - chunks up to this number are in it
   * @param namesMax - names gathered before they are entered
   */
  constructor(rows: NameRows, namedCount: number, namesMax: number) {
    this.#rows = rows;
    this.#namesMax = namesMax;
    this.#firstNumber = namedCount + 1;
  }

  /** All chunks up to this number are in the table, once what was taken is in the store. */
  get namedCount(): number {
    const merge = this.#merge;
    const isEntered = merge === undefined || merge.taken === merge.order.length;
    return (isEntered ? this.#firstNumber : merge.firstNumber) - 1;
  }

  /**
   * Finds a chunk.
   * @param words - its name
   * @returns its number; 0 when it is not here
   */
  find(words: Uint32Array): number {
    const position = this.#names.find(words, 0);
    if (position > 0) return this.#firstNumber + position - 1;
    const earlier = this.#merge?.names.find(words, 0) ?? 0;
    return earlier > 0 ? this.#merge!.firstNumber + earlier - 1 : 0;
  }

  /** Adds the next chunk's name. @param words - the name */
  add(words: Uint32Array): void {
    this.restore(words);
    this.#addedSinceTake++;
  }

  /** Adds the next chunk's name at opening, which does not hurry anything. @param words - the name */
  restore(words: Uint32Array): void {
    this.#names.add(words, 0);
  }

  /**
   * Hands over a slice of what is to be entered: twice as much as was added, so that it ends before as much again is here.
   * @returns writes in the order of their keys
   * @throws DAMAGED
   */
  take(): StoreWrite[] {
    const wanted = Math.max(2 * this.#addedSinceTake, sliceMin);
    this.#addedSinceTake = 0;
    if (this.#merge === undefined && this.#names.count >= this.#namesMax) this.#begin();
    const merge = this.#merge;
    if (merge === undefined) return [];
    const writes: StoreWrite[] = [];
    const end = Math.min(merge.order.length, merge.taken + wanted);
    while (merge.taken < end) merge.taken = this.#takeAlike(merge, writes);
    return writes;
  }

  /** What was taken is in the store. */
  sent(): void {
    const merge = this.#merge;
    if (merge === undefined) return;
    merge.entered = merge.taken;
    if (merge.entered === merge.order.length) this.#merge = undefined;
  }

  /** What was taken is not in the store, and is taken again. */
  unsent(): void {
    if (this.#merge !== undefined) this.#merge.taken = this.#merge.entered;
  }

  /** Forgets what is not in the store. @param chunkCount - chunks in it */
  discard(chunkCount: number): void {
    this.unsent();
    const merge = this.#merge;
    if (merge !== undefined && chunkCount < this.#firstNumber - 1) {
      // None of those names are in the table yet: their chunks were staged with the very batch that failed.
      merge.names.shorten(chunkCount - merge.firstNumber + 1);
      this.#names = merge.names;
      this.#firstNumber = merge.firstNumber;
      this.#merge = undefined;
      return;
    }
    this.#names.shorten(chunkCount - this.#firstNumber + 1);
  }

  #begin(): void {
    const names = this.#names;
    this.#merge = {
      names,
      firstNumber: this.#firstNumber,
      order: orderOf(names),
      taken: 0,
      entered: 0,
    };
    this.#firstNumber += names.count;
    this.#names = new NameList();
  }

  /** Takes all names that begin with the same two bytes, so that those alike in eight get one row. @returns the end */
  #takeAlike({ names, firstNumber, order, taken }: Merge, writes: StoreWrite[]): number {
    const start = startOf(names, order[taken]!);
    let end = taken + 1;
    while (end < order.length && startOf(names, order[end]!) === start) end++;
    const alike = order.subarray(taken, end);
    for (const [index, position] of alike.entries()) {
      const isTwin = (other: number): boolean => areTwins(names, position, other);
      if (alike.subarray(0, index).some(isTwin)) continue;
      const name = names.nameAt(position);
      const numbers = [...this.#rows.numbersOf(name)];
      for (const twin of alike.subarray(index)) {
        const number = firstNumber + twin - 1;
        if (isTwin(twin) && !numbers.includes(number)) numbers.push(number);
      }
      writes.push(this.#rows.write(name, numbers));
    }
    return end;
  }
}

/** Names that a batch enters at least. */
const sliceMin = 256;

const startCount = 2 ** 16;

/** @returns the first two bytes of a name as a number that grows in the order of the table */
function startOf(names: NameList, position: number): number {
  const word = names.wordAt(position, 0);
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff);
}

function areTwins(names: NameList, position: number, other: number): boolean {
  return (
    names.wordAt(position, 0) === names.wordAt(other, 0) &&
    names.wordAt(position, 1) === names.wordAt(other, 1)
  );
}

/**
 * Sorts by counting: a hundred thousand names must not hold the event loop.
 * @returns positions from 1 in the order of the names' first two bytes
 */
function orderOf(names: NameList): Uint32Array {
  const ends = new Uint32Array(startCount + 1);
  for (let position = 1; position <= names.count; position++) {
    const next = startOf(names, position) + 1;
    ends[next] = ends[next]! + 1;
  }
  for (let start = 1; start <= startCount; start++) ends[start] = ends[start]! + ends[start - 1]!;
  const order = new Uint32Array(names.count);
  for (let position = 1; position <= names.count; position++) {
    const start = startOf(names, position);
    order[ends[start]!] = position;
    ends[start] = ends[start]! + 1;
  }
  return order;
}
