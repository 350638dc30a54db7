import { u32le } from '../integers.ts';

/** A 64-bit number in two halves, for JavaScript has no fast whole one. */
interface Word {
  high: number;
  low: number;
}

const prime1: Word = { high: 0x9e3779b1, low: 0x85ebca87 };
const prime2: Word = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const prime3: Word = { high: 0x165667b1, low: 0x9e3779f9 };
const prime4: Word = { high: 0x85ebca77, low: 0xc2b2ae63 };
const prime5: Word = { high: 0x27d4eb2f, low: 0x165667c5 };
const stripeBytes = 32;

/**
 * The hash xxHash64 with seed 0.
 * @param bytes - borrowed
 * @returns 8 bytes, little-endian as btrfs stores it
 * @source xxHash specification, "XXH64 algorithm description"
 */
export function xxhash64(bytes: Uint8Array): Uint8Array {
  let at = 0;
  let hash: Word;
  if (bytes.length < stripeBytes) hash = { ...prime5 };
  else {
    const lanes = [add(prime1, prime2), { ...prime2 }, word(0, 0), negated(prime1)];
    for (; at + stripeBytes <= bytes.length; at += stripeBytes)
      for (let lane = 0; lane < 4; lane += 1) round(lanes[lane]!, bytes, at + lane * 8);
    hash = merged(lanes);
  }
  hash = add(hash, word(0, bytes.length));
  return stored(avalanche(tail(hash, bytes, at)));
}

function word(high: number, low: number): Word {
  return { high, low };
}

/** One step of a lane, in place: it runs for every 8 bytes. */
function round(lane: Word, bytes: Uint8Array, at: number): void {
  const product = multiply(prime2, u32le(bytes, at + 4), u32le(bytes, at));
  const sum = add(lane, product);
  const turned = rotate(sum, 31);
  const result = multiply(prime1, turned.high, turned.low);
  lane.high = result.high;
  lane.low = result.low;
}

function merged(lanes: readonly Word[]): Word {
  const turns = [1, 7, 12, 18];
  let hash = lanes.map((lane, index) => rotate(lane, turns[index]!)).reduce(add);
  for (const lane of lanes) {
    const value = multiply(prime2, lane.high, lane.low);
    const turned = rotate(value, 31);
    hash = xor(hash, multiply(prime1, turned.high, turned.low));
    hash = add(multiply(prime1, hash.high, hash.low), prime4);
  }
  return hash;
}

function tail(start: Word, bytes: Uint8Array, from: number): Word {
  let hash = start;
  let at = from;
  for (; at + 8 <= bytes.length; at += 8) {
    const lane = word(0, 0);
    round(lane, bytes, at);
    const turned = rotate(xor(hash, lane), 27);
    hash = add(multiply(prime1, turned.high, turned.low), prime4);
  }
  if (at + 4 <= bytes.length) {
    const turned = rotate(xor(hash, multiply(prime1, 0, u32le(bytes, at))), 23);
    hash = add(multiply(prime2, turned.high, turned.low), prime3);
    at += 4;
  }
  for (; at < bytes.length; at += 1) {
    const turned = rotate(xor(hash, multiply(prime5, 0, bytes[at]!)), 11);
    hash = multiply(prime1, turned.high, turned.low);
  }
  return hash;
}

function avalanche(hash: Word): Word {
  let mixed = xor(hash, word(0, hash.high >>> 1));
  mixed = multiply(prime2, mixed.high, mixed.low);
  const shifted = word(mixed.high >>> 29, ((mixed.high << 3) | (mixed.low >>> 29)) >>> 0);
  mixed = xor(mixed, shifted);
  mixed = multiply(prime3, mixed.high, mixed.low);
  return xor(mixed, word(0, mixed.high));
}

function stored({ high, low }: Word): Uint8Array {
  const result = Buffer.alloc(8);
  result.writeUInt32LE(low, 0);
  result.writeUInt32LE(high, 4);
  return result;
}

function add(left: Word, right: Word): Word {
  const low = left.low + right.low;
  return { high: (left.high + right.high + (low > 0xffff_ffff ? 1 : 0)) >>> 0, low: low >>> 0 };
}

function negated({ high, low }: Word): Word {
  return add({ high: ~high >>> 0, low: ~low >>> 0 }, word(0, 1));
}

function xor(left: Word, right: Word): Word {
  return { high: (left.high ^ right.high) >>> 0, low: (left.low ^ right.low) >>> 0 };
}

function rotate({ high, low }: Word, bits: number): Word {
  return {
    high: ((high << bits) | (low >>> (32 - bits))) >>> 0,
    low: ((low << bits) | (high >>> (32 - bits))) >>> 0,
  };
}

/** The low 64 bits of a product; the low halves are multiplied by pieces of 16 bits. */
function multiply(factor: Word, high: number, low: number): Word {
  const a1 = factor.low >>> 16;
  const a0 = factor.low & 0xffff;
  const b1 = low >>> 16;
  const b0 = low & 0xffff;
  const bottom = a0 * b0;
  const middle = a1 * b0 + (bottom >>> 16);
  const carry = a0 * b1 + (middle % 0x1_0000);
  const top = a1 * b1 + Math.floor(middle / 0x1_0000) + Math.floor(carry / 0x1_0000);
  return {
    high: (top + Math.imul(factor.high, low) + Math.imul(factor.low, high)) >>> 0,
    low: ((carry << 16) | (bottom & 0xffff)) >>> 0,
  };
}
