import { blockBytes, regionBytes } from '../base/limits.ts';
import { blockHashBytes, blocksOfSpan, comparedSpans } from '../format/exchange-message.ts';

/** Bytes of a span of a region: what is compared by one hash. */
export const spanBytes: number = regionBytes / comparedSpans;

/** Bytes of the hashes of all blocks of a span. */
export const spanBlockHashesBytes: number = blocksOfSpan * blockHashBytes;

/**
 * Cuts content into pieces of one length; the last one is shorter where the content ends.
 * @param content - borrowed by the pieces
 * @param pieceBytes - length of each
 * @param count - how many; those behind the end are empty
 */
export function piecesOf<T extends ArrayBufferLike>(
  content: Uint8Array<T>,
  pieceBytes: number,
  count: number,
): Uint8Array<T>[] {
  return Array.from({ length: count }, (_, index) =>
    content.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
}

/**
 * Blocks of a span.
 * @param span - its content
 */
export function blocksOf<T extends ArrayBufferLike>(span: Uint8Array<T>): Uint8Array<T>[] {
  return piecesOf(span, blockBytes, blocksOfSpan);
}
