import { createHash } from 'node:crypto';
import { SecondwindError } from '../../base/errors.ts';

/** A name with its file, made short. */
export interface Fingerprint {
  /** 32 bits. */
  readonly high: number;
  /** 32 bits, never 0. */
  readonly low: number;
}

const slotsMin = 1024;

/**
 * Makes a fingerprint of a text. Sixty-four bits of SHA-256: two of five million texts share one with a chance of
 * less than one to a million, and nobody can make names that do on purpose without great effort.
 * @param text - hostile; lone surrogates count as they are
 */
export function fingerprintOf(text: string): Fingerprint {
  const digest = createHash('sha256').update(Buffer.from(text, 'utf16le')).digest();
  // 0 stands for a free slot.
  return { high: digest.readUInt32LE(0), low: Math.max(1, digest.readUInt32LE(4)) };
}

/** Fingerprints, and which of them were met again: 9 bytes for each slot, of which at most half are taken. */
export class FingerprintSet {
  readonly #countMax: number;
  #highs = new Uint32Array(slotsMin);
  #lows = new Uint32Array(slotsMin);
  #met = new Uint8Array(slotsMin);
  #count = 0;
  #metCount = 0;

  /** @param countMax - how many it may hold */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Whether each was met again. */
  get areAllMet(): boolean {
    return this.#metCount === this.#count;
  }

  /**
   * Adds one; before the first is met again.
   * @throws LIMIT_EXCEEDED
   */
  add(fingerprint: Fingerprint): void {
    const slot = this.#slotOf(fingerprint);
    if (this.#lows[slot] !== 0) return;
    if (this.#count >= this.#countMax) {
      const what = 'The number of names on one volume';
      throw new SecondwindError('LIMIT_EXCEEDED', {
        what,
        value: `more than ${this.#count}`,
        limit: this.#countMax,
      });
    }
    this.#put(slot, fingerprint);
    this.#count += 1;
    if (this.#count * 2 > this.#lows.length) this.#grow();
  }

  /** Meets one again; tells whether it is held. */
  meet(fingerprint: Fingerprint): boolean {
    const slot = this.#slotOf(fingerprint);
    if (this.#lows[slot] === 0) return false;
    if (this.#met[slot] === 0) this.#metCount += 1;
    this.#met[slot] = 1;
    return true;
  }

  /** Tells whether one was met again. */
  isMet(fingerprint: Fingerprint): boolean {
    return this.#met[this.#slotOf(fingerprint)] === 1;
  }

  /** Where it is, or the free slot where it belongs. */
  #slotOf({ high, low }: Fingerprint): number {
    const mask = this.#lows.length - 1;
    let slot = low & mask;
    while (this.#lows[slot] !== 0 && (this.#lows[slot] !== low || this.#highs[slot] !== high)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #put(slot: number, { high, low }: Fingerprint): void {
    this.#highs[slot] = high;
    this.#lows[slot] = low;
  }

  #grow(): void {
    const [highs, lows] = [this.#highs, this.#lows];
    this.#highs = new Uint32Array(highs.length * 2);
    this.#lows = new Uint32Array(lows.length * 2);
    this.#met = new Uint8Array(lows.length * 2);
    for (const [slot, low] of lows.entries()) {
      const moved = { high: highs[slot]!, low };
      if (low !== 0) this.#put(this.#slotOf(moved), moved);
    }
  }
}
