import { u32le } from '../integers.ts';

/** What the files of Windows images are taken to be long, bytes, whatever they are. */
const pretendedBytes = 12_000_000;
const callOpcode = 0xe8;
const tailBytes = 10;

/**
 * Makes the targets of x86 calls relative again: before LZX compressed a chunk they were made absolute, since equal targets compress.
 * @param chunk - one decompressed chunk; changed
 * @source MS-PATCH 2.6; as wimlib src/lzx_common.c does it
 */
export function undoCallTranslation(chunk: Uint8Array): void {
  const end = chunk.length - tailBytes;
  for (let at = chunk.indexOf(callOpcode); at >= 0 && at < end; ) {
    const target = u32le(chunk, at + 1) | 0;
    if (target >= 0 && target < pretendedBytes) writeTarget(chunk, at + 1, target - at);
    else if (target < 0 && target >= -at) writeTarget(chunk, at + 1, target + pretendedBytes);
    at = chunk.indexOf(callOpcode, at + 5);
  }
}

function writeTarget(chunk: Uint8Array, at: number, target: number): void {
  for (let byte = 0; byte < 4; byte += 1) chunk[at + byte] = target >> (8 * byte);
}
