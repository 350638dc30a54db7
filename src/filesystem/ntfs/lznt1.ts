// LZNT1: how NTFS compresses. Chunks of up to 4096 bytes, each behind a 16-bit header: length − 1 in bits 0–11, 3 in bits 12–14, bit 15 set
// when the chunk is compressed. A compressed chunk is groups of a byte of flags and eight tokens, lowest flag first: 0 is a literal
// byte, 1 a 16-bit pair. A pair's upper bits are distance − 1, the lower ones length − 3; how many bits the distance takes grows with
// the place in the chunk, from 4 at the beginning to 12. A header of 0 ends the stream.
import { u16le } from '../integers.ts';
import { copyMatch } from './copy-match.ts';

const chunkBytes = 4096;
const lengthMin = 3;

/**
 * Decompresses.
 * @param source - compressed chunks; borrowed
 * @param target - receives the bytes; what the chunks do not fill is set to zero
 * @returns whether the source was sound; the target is undefined when it was not
 * @source MS-XCA 2.5
 */
export function decompressLznt1(source: Uint8Array, target: Uint8Array): boolean {
  let from = 0;
  for (let to = 0; to < target.length; to += chunkBytes) {
    const header = from + 2 <= source.length ? u16le(source, from) : 0;
    if (header === 0) {
      target.fill(0, to);
      return true;
    }
    const end = from + 3 + (header & 0xfff);
    if (end > source.length) return false;
    const chunk = source.subarray(from + 2, end);
    const room = target.subarray(to, to + chunkBytes);
    const filled = (header & 0x8000) === 0 ? copyChunk(chunk, room) : expandChunk(chunk, room);
    if (filled < 0) return false;
    room.fill(0, filled);
    from = end;
  }
  return true;
}

function copyChunk(chunk: Uint8Array, target: Uint8Array): number {
  const part = chunk.subarray(0, target.length);
  target.set(part);
  return part.length;
}

/** Returns the bytes written, or −1 when a pair points before the beginning or behind the end. */
function expandChunk(chunk: Uint8Array, target: Uint8Array): number {
  let to = 0;
  let lengthBits = 12;
  for (let from = 0; from < chunk.length; ) {
    const flags = chunk[from]!;
    from += 1;
    for (let bit = 1; bit < 0x100 && from < chunk.length; bit <<= 1) {
      if (to >= target.length) return to;
      if ((flags & bit) === 0) {
        target[to] = chunk[from]!;
        to += 1;
        from += 1;
        continue;
      }
      if (from + 2 > chunk.length) return -1;
      while (lengthBits > 4 && to > 1 << (16 - lengthBits)) lengthBits -= 1;
      const pair = u16le(chunk, from);
      from += 2;
      to = copyMatch(
        target,
        to,
        (pair >> lengthBits) + 1,
        (pair & ((1 << lengthBits) - 1)) + lengthMin,
      );
      if (to < 0) return -1;
    }
  }
  return to;
}
