import { SecondwindError } from '../../base/errors.ts';
import { blockBytes, groupBytesMax, pageBytes } from '../../base/limits.ts';
import { segmentName } from '../segments/segment-name.ts';
import type { PagePlace } from './page-cache.ts';
import type { ReadPiece } from './read-plan.ts';

/** Bytes of a read that come from one page. */
export interface PagePiece extends PagePlace {
  /** Where they lie in the page, bytes. */
  readonly pageOffsetBytes: number;
  /** Where they go in the target, bytes. */
  readonly targetOffsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Divides a piece of a read by the pages that it lies on.
 * @param piece - bytes of one chunk
 * @throws DAMAGED when they are not all in the chunk, or no group could hold them
 */
export function* pagesOf(piece: ReadPiece): Generator<PagePiece> {
  const { place, chunkOffsetBytes } = piece;
  const { segment, entryOffsetBytes: offsetBytes } = place;
  const startBytes = place.startBlock * blockBytes + chunkOffsetBytes;
  const isInChunk = chunkOffsetBytes + piece.lengthBytes <= place.blockCount * blockBytes;
  if (!isInChunk || startBytes + piece.lengthBytes > groupBytesMax)
    throw shorterGroup(segment, offsetBytes);
  for (let done = 0; done < piece.lengthBytes; ) {
    const at = startBytes + done;
    const pageOffsetBytes = at % pageBytes;
    const lengthBytes = Math.min(pageBytes - pageOffsetBytes, piece.lengthBytes - done);
    const page = (at - pageOffsetBytes) / pageBytes;
    const targetOffsetBytes = piece.targetOffsetBytes + done;
    yield { segment, offsetBytes, page, pageOffsetBytes, targetOffsetBytes, lengthBytes };
    done += lengthBytes;
  }
}

/**
 * The index tells of more than a group holds.
 * @param segment - number
 * @param offset - of the group's entry, bytes
 */
export function shorterGroup(segment: number, offset: number): SecondwindError {
  const reason = 'the group is shorter than the index says';
  return new SecondwindError('DAMAGED', { file: segmentName(segment), offset, reason, segment });
}
