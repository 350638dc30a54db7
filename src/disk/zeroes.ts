import { zeroPieceBytes } from '../base/limits.ts';

const zeroPiece: Buffer = Buffer.alloc(zeroPieceBytes);

/**
 * Zeroes to write from; never to be written into.
 * @param lengthBytes - 0 to zeroPieceBytes
 */
export function zeroesOf(lengthBytes: number): Uint8Array {
  return lengthBytes === zeroPieceBytes ? zeroPiece : zeroPiece.subarray(0, lengthBytes);
}

/**
 * Whether every byte is zero; looks at one byte only where the first is not.
 * @param bytes - any length
 */
export function isAllZero(bytes: Uint8Array): boolean {
  if (bytes.length > 0 && bytes[0] !== 0) return false;
  for (let start = 0; start < bytes.length; start += zeroPieceBytes) {
    const piece = bytes.subarray(start, start + zeroPieceBytes);
    if (Buffer.compare(piece, zeroesOf(piece.length)) !== 0) return false;
  }
  return true;
}
