import assert from 'node:assert/strict';
import { blockBytes } from '../base/limits.ts';

/** Bytes of memory for each place of the table. */
export const placeBytes = 13;

const placesMin = 2 ** 16;
/** Share of the places that may be taken before the table grows, or the sample shrinks. */
const fillMax = 0.75;

/** What is known of a chunk's name when it is counted. */
export type NameOutcome = 'new' | 'known' | 'not sampled';

/** One name that was counted. */
export interface NameCount {
  /** How often the chunk occurred. */
  readonly count: number;
  /** Its length, bytes. */
  readonly lengthBytes: number;
}

/**
 * Counts how often each chunk name occurs, in bounded memory. Names are known by their first 8 bytes: they come from a keyed
 * hash, so even among 100 million chunks two alike are not to be expected. When the table is full, only every second name
 * stays in the sample, then every fourth: names are chosen by their own bits, so each that stays was counted from its first
 * occurrence on.
 */
export class NameCounts {
  readonly #placesMax: number;
  #low: Uint32Array = new Uint32Array(0);
  #high: Uint32Array = new Uint32Array(0);
  #counts: Uint32Array = new Uint32Array(0);
  #blocks: Uint8Array = new Uint8Array(0);
  #taken = 0;
  #sampledOneIn = 1;
  #peakBytes = 0;

  /** @param placesMax - most places, a power of two */
  constructor(placesMax: number) {
    assert(Number.isInteger(Math.log2(placesMax)), 'the number of places is a power of two');
    this.#placesMax = placesMax;
    this.#allocate(Math.min(placesMin, placesMax));
  }

  /** One in how many names is counted: 1 while all are. */
  get sampledOneIn(): number {
    return this.#sampledOneIn;
  }

  /** Names in the table. */
  get nameCount(): number {
    return this.#taken;
  }

  /** Most memory that the table took so far, bytes. */
  get peakBytes(): number {
    return Math.max(this.#peakBytes, this.#counts.length * placeBytes);
  }

  /**
   * Counts one occurrence.
   * @param names - names one after the other, borrowed
   * @param at - where this one begins, bytes
   * @param blockCount - length of the chunk, blocks, 1 to 255
   */
  add(names: Uint8Array, at: number, blockCount: number): NameOutcome {
    const low = wordAt(names, at);
    const high = wordAt(names, at + 4);
    if (high % this.#sampledOneIn !== 0) return 'not sampled';
    const place = this.#find(low, high);
    const count = this.#counts[place]!;
    this.#counts[place] = count + 1;
    if (count > 0) return 'known';
    this.#low[place] = low;
    this.#high[place] = high;
    this.#blocks[place] = blockCount;
    this.#taken += 1;
    if (this.#taken > this.#counts.length * fillMax) this.#makeRoom();
    return 'new';
  }

  /** Everything that was counted, in no order. */
  *entries(): Generator<NameCount> {
    for (let place = 0; place < this.#counts.length; place++) {
      const count = this.#counts[place]!;
      if (count > 0) yield { count, lengthBytes: this.#blocks[place]! * blockBytes };
    }
  }

  /** The place of a name, or the free one where it belongs. */
  #find(low: number, high: number): number {
    const mask = this.#counts.length - 1;
    let place = low & mask;
    while (this.#counts[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Doubles the table, or at its limit halves the sample; what stays is set aside compactly meanwhile. */
  #makeRoom(): void {
    const isAtLimit = this.#counts.length >= this.#placesMax;
    if (isAtLimit) this.#sampledOneIn *= 2;
    const kept = this.#sampled();
    this.#allocate(isAtLimit ? this.#placesMax : this.#counts.length * 2);
    this.#peakBytes = Math.max(this.#peakBytes, (this.#counts.length + kept.length) * placeBytes);
    for (const entry of kept.entries()) {
      const place = this.#find(entry.low, entry.high);
      this.#low[place] = entry.low;
      this.#high[place] = entry.high;
      this.#counts[place] = entry.count;
      this.#blocks[place] = entry.blocks;
      this.#taken += 1;
    }
  }

  /** The entries that belong to the sample. */
  #sampled(): EntryList {
    const list = new EntryList(this.#taken);
    for (let place = 0; place < this.#counts.length; place++) {
      const count = this.#counts[place]!;
      const high = this.#high[place]!;
      if (count === 0 || high % this.#sampledOneIn !== 0) continue;
      list.add({ low: this.#low[place]!, high, count, blocks: this.#blocks[place]! });
    }
    return list;
  }

  /** Memory is given back before it is taken, or used again where the size stays. */
  #allocate(places: number): void {
    this.#taken = 0;
    if (places === this.#counts.length) {
      this.#counts.fill(0);
      return;
    }
    this.#low = new Uint32Array(places);
    this.#high = new Uint32Array(places);
    this.#counts = new Uint32Array(places);
    this.#blocks = new Uint8Array(places);
  }
}

interface Entry {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly blocks: number;
}

/** Entries without free places between them. */
class EntryList {
  readonly #words: Uint32Array;
  readonly #blocks: Uint8Array;
  #length = 0;

  constructor(lengthMax: number) {
    this.#words = new Uint32Array(lengthMax * 3);
    this.#blocks = new Uint8Array(lengthMax);
  }

  /** Room, entries. */
  get length(): number {
    return this.#blocks.length;
  }

  add(entry: Entry): void {
    this.#words.set([entry.low, entry.high, entry.count], this.#length * 3);
    this.#blocks[this.#length] = entry.blocks;
    this.#length += 1;
  }

  *entries(): Generator<Entry> {
    for (let index = 0; index < this.#length; index++) {
      const low = this.#words[index * 3]!;
      const high = this.#words[index * 3 + 1]!;
      yield { low, high, count: this.#words[index * 3 + 2]!, blocks: this.#blocks[index]! };
    }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  const upper = (bytes[at + 3]! << 24) | (bytes[at + 2]! << 16);
  return (upper | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0;
}
