import { happens, integerBelow, oneOf, type Random } from '../../src/base/random.ts';

type Bytes = Buffer<ArrayBuffer>;
type Mutation = (bytes: Bytes, random: Random, samples: readonly Buffer[]) => Bytes;

const extremes = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n];
const hugeExtremes = [0xffffffffn, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const noiseBytesMax = 2048;

/**
 * Makes one input: noise, or a sound sample that was broken in up to four ways.
 * @param random - decides everything
 * @param samples - sound inputs; at least one
 */
export function mutate(random: Random, samples: readonly Buffer[]): Bytes {
  if (happens(random, 0.1)) return noise(random, noiseBytesMax);
  let bytes: Bytes = Buffer.from(oneOf(random, samples));
  const rounds = 1 + integerBelow(random, 4);
  for (let round = 0; round < rounds; round++) {
    bytes = oneOf(random, mutations)(bytes, random, samples);
  }
  return bytes;
}

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  overwriteField,
  overwriteField,
  (bytes, random) => bytes.subarray(0, integerBelow(random, bytes.length + 1)),
  (bytes, random) => bytes.subarray(integerBelow(random, bytes.length + 1)),
  (bytes, random) => Buffer.concat([bytes, noise(random, 64)]),
  changeNumber,
  splice,
  repeatPart,
  removePart,
];

function flipBits(bytes: Bytes, random: Random): Bytes {
  const count = bytes.length === 0 ? 0 : 1 + integerBelow(random, 4);
  for (let index = 0; index < count; index++) {
    bytes[integerBelow(random, bytes.length)]! ^= 1 << integerBelow(random, 8);
  }
  return bytes;
}

/** Lengths and counts are what decoders trust too easily; they stand near the start as often as anywhere. */
function overwriteField(bytes: Bytes, random: Random): Bytes {
  const width = oneOf(random, [1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const span = happens(random, 0.5) ? Math.min(bytes.length, 128) : bytes.length;
  const at = integerBelow(random, Math.max(span - width + 1, 1));
  const value = oneOf(random, [...extremes, ...hugeExtremes, BigInt(random.uint32())]);
  const field = Buffer.alloc(8);
  if (happens(random, 0.8)) field.writeBigUInt64LE(value);
  else field.writeBigUInt64BE((value << BigInt(64 - 8 * width)) & 0xffffffffffffffffn);
  field.copy(bytes, at, 0, width);
  return bytes;
}

/** Numbers in JSON and in what people type; bytes that happen to look like one are as good a place as any. */
function changeNumber(bytes: Bytes, random: Random): Bytes {
  const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)];
  if (numbers.length === 0) return bytes;
  const { index, 0: digits } = oneOf(random, numbers);
  const other = oneOf(random, ['0', '-1', '9', '0.5', '99999', '1e9', '4294967296', '']);
  const after = bytes.subarray(index + digits.length);
  return Buffer.concat([bytes.subarray(0, index), Buffer.from(other), after]);
}

/** The start of one input and the end of another. */
function splice(bytes: Bytes, random: Random, samples: readonly Buffer[]): Bytes {
  const other = oneOf(random, samples);
  const start = bytes.subarray(0, integerBelow(random, bytes.length + 1));
  return Buffer.concat([start, other.subarray(integerBelow(random, other.length + 1))]);
}

function repeatPart(bytes: Bytes, random: Random): Bytes {
  const [from, to] = part(bytes, random);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
}

function removePart(bytes: Bytes, random: Random): Bytes {
  const [from, to] = part(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

/** Parts are short, and begin at any byte. */
function part(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = integerBelow(random, bytes.length + 1);
  return [from, Math.min(from + 1 + integerBelow(random, 64), bytes.length)];
}

function noise(random: Random, lengthBytesMax: number): Bytes {
  const bytes = Buffer.alloc(integerBelow(random, lengthBytesMax + 1));
  random.fill(bytes);
  return bytes;
}
