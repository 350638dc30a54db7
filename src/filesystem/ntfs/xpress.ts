// Xpress with Huffman codes: 256 bytes with the code lengths of 512 symbols, four bits each, the lower ones first; then the stream. Symbols
// below 256 are literals. Of the others the lower four bits are length − 3 of a match (15: more follows, in whole bytes that lie between
// the words of the stream), the upper ones how many bits of the distance follow, behind a leading one.
import { BitReader } from './bit-reader.ts';
import { copyMatch } from './copy-match.ts';
import { HuffmanCode } from './huffman-code.ts';

const symbolCount = 512;
const headerBytes = symbolCount / 2;
const literalCount = 256;
const lengthMin = 3;

/**
 * Decompresses one chunk.
 * @param source - the chunk; borrowed
 * @param target - as long as the chunk is decompressed
 * @returns whether the source was sound; the target is undefined when it was not
 * @source MS-XCA 2.2
 */
export function decompressXpress(source: Uint8Array, target: Uint8Array): boolean {
  if (source.length < headerBytes) return false;
  const lengths = new Uint8Array(symbolCount);
  for (let at = 0; at < headerBytes; at += 1) {
    lengths[2 * at] = source[at]! & 15;
    lengths[2 * at + 1] = source[at]! >> 4;
  }
  const code = HuffmanCode.from(lengths);
  if (code === undefined || code.isEmpty) return false;
  const reader = new BitReader(source.subarray(headerBytes));
  let to = 0;
  while (to >= 0 && to < target.length) {
    const symbol = code.decode(reader);
    if (symbol >= literalCount) to = expandMatch(reader, symbol - literalCount, target, to);
    else {
      target[to] = symbol;
      to += 1;
    }
  }
  return to >= 0 && !reader.isOverrun;
}

function expandMatch(reader: BitReader, header: number, target: Uint8Array, to: number): number {
  // The bytes of a length lie behind the words read ahead by then: a full one.
  reader.peek(16);
  const distance = (1 << (header >> 4)) | reader.take(header >> 4);
  let length = header & 15;
  if (length === 15) {
    length += reader.byte();
    if (length === 15 + 255) length = reader.byte() | (reader.byte() << 8);
  }
  return copyMatch(target, to, distance, length + lengthMin);
}
