import { regionBlocks } from '../../base/limits.ts';
import { excludedStartBlock } from '../../format/commit-record.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { chunkNumberMax } from './index-limits.ts';
import { RegionExtents, RegionExtentsBuilder } from './region-extents.ts';

/**
 * Extents as bytes (docs/formats/index.md). Each begins with a byte of flags:
 *   bit 0      a gap since the last extent's end: its blocks in one byte
 *   bit 1      no chunk: zeroes, or with bit 2 excluded blocks
 *   bit 2      the chunk's start block in two bytes, little-endian; else 0
 *   bit 3      the chunk's number is the last one's plus 1
 *   bit 4      one block; else the count less 1 in one byte
 *   bits 5–7   bytes of the chunk's number, little-endian; 0 without bit 3: the last extent's number again
 * Fields follow in the order gap, count, number, start block. At most 11 bytes, in a fresh image 2.
 */
const gapFlag = 1;
const zeroesFlag = 2;
const startFlag = 4;
const nextFlag = 8;
const singleFlag = 16;

/** Most bytes that one extent takes. */
export const extentBytesMax = 11;

/**
 * Encodes extents.
 * @param extents - what to encode
 * @param target - room for extentBytesMax each behind `at`
 * @param at - where to begin, bytes
 * @returns where it ended, bytes
 */
export function encodeExtents(extents: RegionExtents, target: Uint8Array, at: number): number {
  let position = at;
  let endBlock = 0;
  let lastNumber = 0;
  for (let index = 0; index < extents.count; index++) {
    const startBlock = extents.startBlock(index);
    const blockCount = extents.blockCount(index);
    const chunkNumber = extents.chunkNumber(index);
    const chunkStart = extents.chunkStartBlock(index);
    const numberBytes = chunkNumber === 0 ? 0 : bytesOfNumber(chunkNumber, lastNumber);
    let flags = numberBytes << 5;
    if (startBlock !== endBlock) flags |= gapFlag;
    if (chunkNumber === 0) flags |= zeroesFlag;
    else if (chunkNumber === lastNumber + 1) flags |= nextFlag;
    if (chunkStart !== 0) flags |= startFlag;
    if (blockCount === 1) flags |= singleFlag;
    target[position++] = flags;
    if (startBlock !== endBlock) target[position++] = startBlock - endBlock;
    if (blockCount !== 1) target[position++] = blockCount - 1;
    position = writeNumber(target, position, chunkNumber, numberBytes);
    if (chunkStart !== 0 && chunkNumber !== 0) {
      position = writeNumber(target, position, chunkStart, 2);
    }
    endBlock = startBlock + blockCount;
    if (chunkNumber !== 0) lastNumber = chunkNumber;
  }
  return position;
}

/**
 * Decodes extents up to the end of the bytes.
 * @param bytes - borrowed
 * @param at - where they begin, bytes
 * @throws FormatFault when they are not what encodeExtents writes
 */
export function decodeExtents(bytes: Uint8Array, at: number): RegionExtents {
  if (at === bytes.length) return RegionExtents.empty;
  const builder = new RegionExtentsBuilder();
  const cursor: Cursor = { bytes, position: at };
  let lastNumber = 0;
  while (cursor.position < bytes.length) {
    const flags = take(cursor);
    const startBlock = builder.endBlock + ((flags & gapFlag) !== 0 ? take(cursor) : 0);
    const blockCount = (flags & singleFlag) !== 0 ? 1 : take(cursor) + 1;
    if (startBlock + blockCount > regionBlocks) fault('an extent leaves its region', cursor);
    if ((flags & zeroesFlag) !== 0) {
      const isExcluded = (flags & startFlag) !== 0;
      if ((flags & ~(gapFlag | startFlag | singleFlag)) !== zeroesFlag) {
        fault('zeroes name a chunk', cursor);
      }
      builder.add(startBlock, blockCount, 0, isExcluded ? excludedStartBlock : 0);
      continue;
    }
    const number = readNumber(cursor, flags, lastNumber);
    const chunkStart = (flags & startFlag) !== 0 ? take(cursor) | (take(cursor) << 8) : 0;
    builder.add(startBlock, blockCount, number, chunkStart);
    lastNumber = number;
  }
  return builder.build();
}

interface Cursor {
  readonly bytes: Uint8Array;
  position: number;
}

function take(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.position++];
  if (byte === undefined) return fault('the extents end early', cursor);
  return byte;
}

function readNumber(cursor: Cursor, flags: number, lastNumber: number): number {
  const numberBytes = flags >>> 5;
  let number = (flags & nextFlag) !== 0 ? lastNumber + 1 : lastNumber;
  if (numberBytes > 0) {
    if ((flags & nextFlag) !== 0) fault('a chunk has two numbers', cursor);
    number = 0;
    let unit = 1;
    for (let index = 0; index < numberBytes; index++) {
      number += take(cursor) * unit;
      unit *= 256;
    }
  }
  if (number < 1 || number > chunkNumberMax) fault('a chunk number is out of range', cursor);
  return number;
}

function fault(reason: string, cursor: Cursor): never {
  throw new FormatFault(reason, cursor.position - 1);
}

function bytesOfNumber(number: number, lastNumber: number): number {
  if (number === lastNumber || number === lastNumber + 1) return 0;
  if (number < 2 ** 8) return 1;
  if (number < 2 ** 16) return 2;
  if (number < 2 ** 24) return 3;
  if (number < 2 ** 32) return 4;
  return number < 2 ** 40 ? 5 : 6;
}

function writeNumber(target: Uint8Array, at: number, value: number, lengthBytes: number): number {
  let rest = value;
  for (let index = 0; index < lengthBytes; index++) {
    target[at + index] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return at + lengthBytes;
}
