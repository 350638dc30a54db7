import { nbdReadPiecesMax } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import { chunk, chunkDone } from '../protocol/numbers.ts';
import {
  type Cookie,
  dataChunkHeaderBytes,
  encodeChunkHeader,
  encodeOffset,
  encodeSimpleReply,
  holeChunkBytes,
  type ReplySpan,
  simpleReplyBytes,
} from '../protocol/reply.ts';

/** One chunk of a reply to a read. */
export interface ReadPiece extends ReplySpan {
  /** Whether zeroes are only told of. */
  readonly isHole: boolean;
}

/**
 * Cuts a read into data and holes.
 * @param span - what is read
 * @param extents - what is known of it, from its start
 * @returns at least one piece; a single one of data where there would be too many
 */
export function planRead(span: ReplySpan, extents: readonly DiskExtent[]): readonly ReadPiece[] {
  const whole: ReadPiece = { ...span, isHole: false };
  if (extents.length >= nbdReadPiecesMax) return [whole];
  const pieces: ReadPiece[] = [];
  const end = span.offsetBytes + span.lengthBytes;
  let offsetBytes = span.offsetBytes;
  for (const { lengthBytes, isHole } of extents) {
    pieces.push({ offsetBytes, lengthBytes, isHole });
    offsetBytes += lengthBytes;
  }
  if (offsetBytes < end)
    pieces.push({ offsetBytes, lengthBytes: end - offsetBytes, isHole: false });
  return pieces;
}

/**
 * Length of a reply in chunks.
 * @param pieces - see planRead
 */
export function structuredReadBytes(pieces: readonly ReadPiece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceBytes(piece), 0);
}

/**
 * Writes the headers of a reply in chunks, leaving room for the data.
 * @param target - takes structuredReadBytes
 * @param at - where in it
 * @param pieces - see planRead
 * @param cookie - of the request
 */
export function encodeStructuredRead(
  target: Buffer,
  at: number,
  pieces: readonly ReadPiece[],
  cookie: Cookie,
): void {
  let place = at;
  for (const [index, piece] of pieces.entries()) {
    const flags = index === pieces.length - 1 ? chunkDone : 0;
    encodePiece(target, place, piece, { ...cookie, flags });
    place += pieceBytes(piece);
  }
}

/**
 * Finds the room for the data in a reply in chunks.
 * @param target - takes the reply
 * @param at - where it begins
 * @param pieces - see planRead
 * @returns for each piece of data where to put it
 */
export function dataPlaces(
  target: Buffer,
  at: number,
  pieces: readonly ReadPiece[],
): readonly { readonly room: Buffer; readonly offsetBytes: number }[] {
  const places: { room: Buffer; offsetBytes: number }[] = [];
  let place = at;
  for (const piece of pieces) {
    if (!piece.isHole) {
      const start = place + dataChunkHeaderBytes;
      const room = target.subarray(start, start + piece.lengthBytes);
      places.push({ room, offsetBytes: piece.offsetBytes });
    }
    place += pieceBytes(piece);
  }
  return places;
}

/**
 * Writes the header of a reply that carries all its data in one.
 * @param target - takes the header; the data follows
 * @param at - where in it
 * @param span - what is read; more than 0 bytes
 * @param reply - the request's cookie, and whether structured replies were agreed on
 */
export function encodeWholeRead(
  target: Buffer,
  at: number,
  span: ReplySpan,
  reply: Cookie & { readonly isStructured: boolean },
): void {
  if (!reply.isStructured) {
    encodeSimpleReply(target, at, reply, 0);
    return;
  }
  const { cookieHigh, cookieLow } = reply;
  const payloadBytes = 8 + span.lengthBytes;
  const header = { flags: chunkDone, kind: chunk.offsetData, cookieHigh, cookieLow, payloadBytes };
  encodeChunkHeader(target, at, header);
  encodeOffset(target, at + dataChunkHeaderBytes - 8, span.offsetBytes);
}

/**
 * Length of that header.
 * @param isStructured - whether structured replies were agreed on
 */
export function wholeReadHeaderBytes(isStructured: boolean): number {
  return isStructured ? dataChunkHeaderBytes : simpleReplyBytes;
}

function pieceBytes(piece: ReadPiece): number {
  return piece.isHole ? holeChunkBytes : dataChunkHeaderBytes + piece.lengthBytes;
}

function encodePiece(
  target: Buffer,
  at: number,
  piece: ReadPiece,
  reply: Cookie & { readonly flags: number },
): void {
  const { isHole, offsetBytes, lengthBytes } = piece;
  const kind = isHole ? chunk.offsetHole : chunk.offsetData;
  const payloadBytes = isHole ? 12 : 8 + lengthBytes;
  encodeChunkHeader(target, at, { ...reply, kind, payloadBytes });
  encodeOffset(target, at + dataChunkHeaderBytes - 8, offsetBytes);
  if (isHole) target.writeUInt32BE(lengthBytes, at + dataChunkHeaderBytes);
}
