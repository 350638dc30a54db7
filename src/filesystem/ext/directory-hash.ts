/** How a directory's hash tree hashes names. */
export interface HashMethod {
  /** 0 legacy, 1 half MD4, 2 TEA. */
  readonly kind: number;
  /** Whether bytes above 127 count as positive. */
  readonly isUnsigned: boolean;
  /** 4 words; all zero for the usual ones. */
  readonly seed: readonly number[];
}

const usualSeed = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;
/** The end of a directory as a place to read on from; no name may have it for its hash. */
const endOfDirectory = 0xfffffffe;

/**
 * The hash by which a directory's hash tree sorts a name.
 * @source kernel: fs/ext4/hash.c, __ext4fs_dirhash
 * @param method - see HashMethod
 * @param name - as it is stored; borrowed
 * @returns unsigned 32 bits, the lowest of them zero; undefined for a kind that is not known
 */
export function directoryHash(method: HashMethod, name: Uint8Array): number | undefined {
  const hash = hashes[method.kind]?.(method, name);
  if (hash === undefined) return undefined;
  const even = (hash & ~1) >>> 0;
  return even === endOfDirectory ? endOfDirectory - 2 : even;
}

const hashes: readonly ((method: HashMethod, name: Uint8Array) => number)[] = [
  ({ isUnsigned }, name) => legacyHash(name, isUnsigned),
  (method, name) => hashInPieces(method, name, { words: 8, mix: mixHalfMd4 })[1]!,
  (method, name) => hashInPieces(method, name, { words: 4, mix: mixTea })[0]!,
];

function legacyHash(name: Uint8Array, isUnsigned: boolean): number {
  let [before, last] = [0x37abe8f9, 0x12a3fe2d];
  for (const byte of name) {
    let hash = (before + (last ^ Math.imul(valueOf(byte, isUnsigned), 7_152_373))) >>> 0;
    if (hash >= 0x80000000) hash -= 0x7fffffff;
    [before, last] = [last, hash];
  }
  return last << 1;
}

const valueOf = (byte: number, isUnsigned: boolean): number =>
  isUnsigned ? byte : (byte << 24) >> 24;

interface Mixer {
  /** Words taken at once. */
  readonly words: number;
  readonly mix: (state: Uint32Array, words: Uint32Array) => void;
}

function hashInPieces(method: HashMethod, name: Uint8Array, { words, mix }: Mixer): Uint32Array {
  const hasSeed = method.seed.some((word) => word !== 0);
  const state = Uint32Array.from(hasSeed ? method.seed : usualSeed);
  for (let at = 0; at < name.length; at += words * 4) {
    mix(state, wordsOf(name.subarray(at), words, method.isUnsigned));
  }
  return state;
}

/** Bytes as words, the first in the highest place; what is missing is filled with the length of what was left. */
function wordsOf(name: Uint8Array, count: number, isUnsigned: boolean): Uint32Array {
  const length = name.length & 0xff;
  const words = new Uint32Array(count).fill(Math.imul(length, 0x01010101));
  const taken = Math.min(name.length, count * 4);
  for (let at = 0; at < taken; at += 1) {
    const word = at >> 2;
    words[word] = (words[word]! << 8) + valueOf(name[at]!, isUnsigned);
  }
  return words;
}

function mixTea(state: Uint32Array, [a, b, c, d]: Uint32Array): void {
  let sum = 0;
  let [left, right] = [state[0]!, state[1]!];
  for (let round = 0; round < 16; round += 1) {
    sum = (sum + 0x9e3779b9) | 0;
    left = (left + (((right << 4) + a!) ^ (right + sum) ^ ((right >>> 5) + b!))) >>> 0;
    right = (right + (((left << 4) + c!) ^ (left + sum) ^ ((left >>> 5) + d!))) >>> 0;
  }
  state[0]! += left;
  state[1]! += right;
}

type Choice = (x: number, y: number, z: number) => number;

/** A round: how three words make one, what is added, which input words in which order, and how far each sum is turned. */
interface Round {
  readonly choose: Choice;
  readonly constant: number;
  readonly order: readonly number[];
  readonly turns: readonly number[];
}

const rounds: readonly Round[] = [
  {
    choose: (x, y, z) => z ^ (x & (y ^ z)),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7],
    turns: [3, 7, 11, 19],
  },
  {
    choose: (x, y, z) => (x & y) + ((x ^ y) & z),
    constant: 0x5a827999,
    order: [1, 3, 5, 7, 0, 2, 4, 6],
    turns: [3, 5, 9, 13],
  },
  {
    choose: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [3, 7, 2, 6, 1, 5, 0, 4],
    turns: [3, 9, 11, 15],
  },
];

function mixHalfMd4(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  for (const { choose, constant, order, turns } of rounds) {
    for (const [step, word] of order.entries()) {
      const sum = (a + choose(b, c, d) + words[word]! + constant) | 0;
      const turn = turns[step & 3]!;
      [a, b, c, d] = [d, (sum << turn) | (sum >>> (32 - turn)), b, c];
    }
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}
