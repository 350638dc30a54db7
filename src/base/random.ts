import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';

/** Source of randomness, handed in so that a simulation can be repeated from its seed. */
export interface Random {
  /**
   * The next number.
   * @returns 0 to 2^32 - 1, each as likely as any other
   */
  uint32(): number;
  /**
   * Fills bytes.
   * @param target - filled whole
   */
  fill(target: Uint8Array): void;
}

/** Randomness nobody can guess, for keys, salts and identities. */
export const secureRandom: Random = {
  uint32: () => randomFillSync(new Uint32Array(1))[0]!,
  fill: (target) => {
    randomFillSync(target);
  },
};

/**
 * Randomness that repeats from its seed, for simulations and tests; never for anything secret. It is xoshiro128**
 * started from splitmix32.
 * @source https://prng.di.unimi.it/xoshiro128starstar.c
 * @param seed - any safe integer of 0 or more; both its halves count
 */
export function seededRandom(seed: number): Random {
  assert(Number.isSafeInteger(seed) && seed >= 0, 'a seed is a safe integer of 0 or more');
  const state = stateFromSeed(seed);
  return {
    uint32: () => step(state),
    fill: (target) => {
      for (let index = 0; index < target.length; ) {
        let word = step(state);
        for (let end = Math.min(index + 4, target.length); index < end; index++, word >>>= 8) {
          target[index] = word & 0xff;
        }
      }
    },
  };
}

/**
 * A whole number below a limit, each as likely as any other.
 * @param random - where it comes from
 * @param limit - 1 to 2^32
 */
export function integerBelow(random: Random, limit: number): number {
  assert(
    Number.isInteger(limit) && limit >= 1 && limit <= 2 ** 32,
    `limit ${limit} is out of range`,
  );
  // Numbers above the last whole multiple of the limit would favour small results, so they are drawn again.
  const fairEnd = 2 ** 32 - (2 ** 32 % limit);
  let number = random.uint32();
  while (number >= fairEnd) number = random.uint32();
  return number % limit;
}

/**
 * Whether something happens that does so with a given chance.
 * @param random - where it comes from
 * @param chance - 0 (never) to 1 (always)
 */
export function happens(random: Random, chance: number): boolean {
  return random.uint32() < chance * 2 ** 32;
}

/**
 * One of several things, each as likely as any other.
 * @param random - where it comes from
 * @param things - one or more
 */
export function oneOf<T>(random: Random, things: readonly T[]): T {
  return things[integerBelow(random, things.length)] as T;
}

function stateFromSeed(seed: number): Uint32Array {
  let low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32);
  return Uint32Array.from({ length: 4 }, () => {
    low = (low + 0x9e3779b9 + high) >>> 0;
    let mixed = Math.imul(low ^ (low >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  });
}

function step(state: Uint32Array): number {
  const second = state[1]!;
  const result = Math.imul(rotateLeft(Math.imul(second, 5), 7), 9) >>> 0;
  state[2]! ^= state[0]!;
  state[3]! ^= second;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= second << 9;
  state[3] = rotateLeft(state[3]!, 11);
  return result;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
