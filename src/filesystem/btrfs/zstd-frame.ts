import { u32le } from '../integers.ts';

const magic = 0xfd2fb528;
const contentSizeBytes = [0, 2, 4, 8];
const dictionaryBytes = [0, 1, 2, 4];
const runBlock = 1;

/**
 * Length of a zstd frame. An extent is filled up with zeroes behind it, which decompressors take for another frame.
 * @param bytes - begins with the frame; borrowed
 * @returns undefined when it is no frame, or is cut off
 * @source RFC 8878, section 3.1.1
 */
export function zstdFrameBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6 || u32le(bytes, 0) !== magic) return undefined;
  const descriptor = bytes[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 && isSingle ? 1 : contentSizeBytes[sizeFlag]!;
  let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes[descriptor & 3]! + sizeBytes;
  for (;;) {
    if (at + 3 > bytes.length) return undefined;
    const head = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const isRun = ((head >>> 1) & 3) === runBlock;
    at += 3 + (isRun ? 1 : head >>> 3);
    if ((head & 1) !== 0) break;
  }
  const end = at + (descriptor & 4 ? 4 : 0);
  return end > bytes.length ? undefined : end;
}
