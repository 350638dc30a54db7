// LZX as in Windows image files, with a window of 32 KiB: blocks, each with 3 bits of type, then 1 bit that is set for 32,768 bytes, or 16 bits
// of length. Blocks of type 1 (verbatim) and 2 (aligned) bring the lengths of their codes, as differences from those of the block
// before; those of type 3 are raw. A match is a symbol of the main code: the lower three bits its length (7: more in the length code), the
// others the slot of its distance; the first three slots repeat one of the last three distances. At last, targets of x86 calls are
// made relative again.
import { BitReader } from './bit-reader.ts';
import { undoCallTranslation } from './call-translation.ts';
import { copyMatch } from './copy-match.ts';
import { HuffmanCode } from './huffman-code.ts';

const literalCount = 256;
const slotCount = 30;
const mainCount = literalCount + 8 * slotCount;
const lengthCount = 249;
const alignedCount = 8;
const preCount = 20;
const wholeBlockBytes = 32_768;
const lengthMin = 2;
const repeatSlots = 3;
const distanceAdjustment = 2;

/** Bits that follow each slot, and the distance at which it begins. */
const slotBits = Array.from({ length: slotCount }, (_, slot) => Math.max((slot >> 1) - 1, 0));
const slotBases = slotBits.map((_, slot) =>
  slotBits.slice(0, slot).reduce((base, bits) => base + 2 ** bits, 0),
);

/** What one block leaves to the next. */
interface State {
  readonly reader: BitReader;
  readonly target: Uint8Array;
  readonly mainLengths: Uint8Array;
  readonly lengthLengths: Uint8Array;
  /** The last three distances, the newest first. */
  readonly recent: [number, number, number];
}

/** The codes of one block. */
interface Codes {
  readonly main: HuffmanCode;
  readonly length: HuffmanCode;
  readonly aligned?: HuffmanCode | undefined;
}

/**
 * Decompresses one chunk.
 * @param source - the chunk; borrowed
 * @param target - as long as the chunk is decompressed, at most 32 KiB
 * @returns whether the source was sound; the target is undefined when it was not
 * @source MS-PATCH 2; Windows image files differ as wimlib src/lzx_decompress.c tells
 */
export function decompressLzx(source: Uint8Array, target: Uint8Array): boolean {
  const state: State = {
    reader: new BitReader(source),
    target,
    mainLengths: new Uint8Array(mainCount),
    lengthLengths: new Uint8Array(lengthCount),
    recent: [1, 1, 1],
  };
  let to = 0;
  while (to >= 0 && to < target.length && !state.reader.isOverrun) to = expandBlock(state, to);
  if (to < target.length || state.reader.isOverrun) return false;
  undoCallTranslation(target);
  return true;
}

/** Each step returns where it ends in the target, or −1 when the source is not sound. */
function expandBlock(state: State, to: number): number {
  const { reader, target } = state;
  const type = reader.take(3);
  const length = reader.take(1) === 1 ? wholeBlockBytes : reader.take(16);
  const end = to + length;
  if (length === 0 || end > target.length) return -1;
  if (type === 3) return copyRaw(state, to, end);
  const codes = type === 1 || type === 2 ? readCodes(state, type === 2) : undefined;
  return codes === undefined ? -1 : expandCoded(state, codes, to, end);
}

function copyRaw({ reader, target, recent }: State, to: number, end: number): number {
  reader.align();
  for (let index = 0; index < 3; index += 1) {
    recent[index] =
      (reader.byte() | (reader.byte() << 8) | (reader.byte() << 16) | (reader.byte() << 24)) >>> 0;
  }
  for (let at = to; at < end; at += 1) target[at] = reader.byte();
  if ((end - to) % 2 !== 0) reader.byte();
  return end;
}

function readCodes(state: State, isAligned: boolean): Codes | undefined {
  const { reader, mainLengths, lengthLengths } = state;
  const aligned = isAligned ? HuffmanCode.from(plainLengths(reader, alignedCount, 3)) : undefined;
  const isSound =
    readLengths(reader, mainLengths.subarray(0, literalCount)) &&
    readLengths(reader, mainLengths.subarray(literalCount)) &&
    readLengths(reader, lengthLengths);
  if (!isSound || (isAligned && aligned === undefined)) return undefined;
  const main = HuffmanCode.from(mainLengths);
  const length = HuffmanCode.from(lengthLengths);
  if (main === undefined || main.isEmpty || length === undefined) return undefined;
  return { main, length, aligned };
}

function plainLengths(reader: BitReader, count: number, bits: number): Uint8Array {
  const lengths = new Uint8Array(count);
  for (let symbol = 0; symbol < count; symbol += 1) lengths[symbol] = reader.take(bits);
  return lengths;
}

/** Lengths are told by a code of their own: 0–16 a difference, 17 and 18 runs of zeroes, 19 a run of one difference. */
function readLengths(reader: BitReader, lengths: Uint8Array): boolean {
  const code = HuffmanCode.from(plainLengths(reader, preCount, 4));
  if (code === undefined) return false;
  for (let at = 0; at < lengths.length; ) {
    const symbol = code.decode(reader);
    const run = runOf(reader, symbol);
    const difference = symbol === 19 ? code.decode(reader) : symbol;
    if (at + run > lengths.length || (symbol === 19 && difference > 16)) return false;
    const value = difference > 16 ? 0 : (lengths[at]! - difference + 17) % 17;
    lengths.fill(value, at, at + run);
    at += run;
  }
  return true;
}

function runOf(reader: BitReader, symbol: number): number {
  if (symbol === 17) return 4 + reader.take(4);
  if (symbol === 18) return 20 + reader.take(5);
  return symbol === 19 ? 4 + reader.take(1) : 1;
}

function expandCoded(state: State, codes: Codes, start: number, end: number): number {
  const { reader, target } = state;
  let to = start;
  while (to < end) {
    const symbol = codes.main.decode(reader);
    if (symbol < literalCount) {
      target[to] = symbol;
      to += 1;
      continue;
    }
    const header = symbol & 7;
    const length = lengthMin + (header === 7 ? 7 + codes.length.decode(reader) : header);
    const distance = distanceOf(state, codes, (symbol - literalCount) >> 3);
    if (to + length > end || reader.isOverrun) return -1;
    to = copyMatch(target, to, distance, length);
    if (to < 0) return -1;
  }
  return to;
}

function distanceOf({ reader, recent }: State, codes: Codes, slot: number): number {
  if (slot < repeatSlots) {
    const distance = recent[slot]!;
    recent[slot] = recent[0];
    recent[0] = distance;
    return distance;
  }
  const bits = slotBits[slot]!;
  const low =
    codes.aligned !== undefined && bits >= 3
      ? (reader.take(bits - 3) << 3) | codes.aligned.decode(reader)
      : reader.take(bits);
  const distance = slotBases[slot]! + low - distanceAdjustment;
  recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = distance;
  return distance;
}
