import { blockBytes } from '../base/limits.ts';

const zeroBlock = Buffer.alloc(blockBytes);

/**
 * Tells whether a block is all zeroes.
 * @param bytes - memory that holds it
 * @param offsetBytes - where it begins
 */
export function isZeroBlock(bytes: Buffer, offsetBytes: number): boolean {
  const end = offsetBytes + blockBytes;
  // Most blocks already differ in their first or last byte, which is much cheaper to see than to compare.
  if (bytes[offsetBytes] !== 0 || bytes[end - 1] !== 0) return false;
  return zeroBlock.compare(bytes, offsetBytes, end) === 0;
}
