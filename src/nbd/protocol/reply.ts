import { simpleReplyMagic, structuredReplyMagic } from './numbers.ts';

/** Bytes of a simple reply before its data. */
export const simpleReplyBytes: number = 16;

/** Bytes of a chunk before its payload. */
export const chunkHeaderBytes: number = 20;

/** Bytes before the data in a chunk of data: the header and the data's offset. */
export const dataChunkHeaderBytes: number = chunkHeaderBytes + 8;

/** Bytes of a whole chunk that tells of a hole. */
export const holeChunkBytes: number = chunkHeaderBytes + 12;

/** What the client named a request by: opaque to us. */
export interface Cookie {
  /** First half. */
  readonly cookieHigh: number;
  /** Second half. */
  readonly cookieLow: number;
}

/** What stands before a chunk's payload. */
export interface ChunkHeader extends Cookie {
  /** Bit chunkDone on the last chunk. */
  readonly flags: number;
  /** Kind of chunk. */
  readonly kind: number;
  /** Length of the payload, bytes. */
  readonly payloadBytes: number;
}

/** A span of the export inside a reply. */
export interface ReplySpan {
  /** Start in the export, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
}

/**
 * Writes a simple reply's header.
 * @param target - takes simpleReplyBytes
 * @param at - where in it
 * @param cookie - of the request
 * @param error - error number, 0 for none
 * @source proto.md, "Simple reply message": magic 4, error 4, cookie 8
 */
export function encodeSimpleReply(target: Buffer, at: number, cookie: Cookie, error: number): void {
  target.writeUInt32BE(simpleReplyMagic, at);
  target.writeUInt32BE(error, at + 4);
  target.writeUInt32BE(cookie.cookieHigh, at + 8);
  target.writeUInt32BE(cookie.cookieLow, at + 12);
}

/**
 * Writes a chunk's header.
 * @param target - takes chunkHeaderBytes
 * @param at - where in it
 * @param header - what to write
 * @source proto.md, "Structured reply chunk message": magic 4, flags 2, type 2, cookie 8, length 4
 */
export function encodeChunkHeader(target: Buffer, at: number, header: ChunkHeader): void {
  target.writeUInt32BE(structuredReplyMagic, at);
  target.writeUInt16BE(header.flags, at + 4);
  target.writeUInt16BE(header.kind, at + 6);
  target.writeUInt32BE(header.cookieHigh, at + 8);
  target.writeUInt32BE(header.cookieLow, at + 12);
  target.writeUInt32BE(header.payloadBytes, at + 16);
}

/**
 * Reads a chunk's header.
 * @param bytes - holds chunkHeaderBytes; the magic was looked at already
 */
export function decodeChunkHeader(bytes: Buffer): ChunkHeader {
  return {
    flags: bytes.readUInt16BE(4),
    kind: bytes.readUInt16BE(6),
    cookieHigh: bytes.readUInt32BE(8),
    cookieLow: bytes.readUInt32BE(12),
    payloadBytes: bytes.readUInt32BE(16),
  };
}

/**
 * Writes an offset, as it stands before the data of a chunk.
 * @param target - takes 8 bytes
 * @param at - where in it
 * @param offsetBytes - start in the export, bytes
 */
export function encodeOffset(target: Buffer, at: number, offsetBytes: number): void {
  target.writeUInt32BE(Math.floor(offsetBytes / 2 ** 32), at);
  target.writeUInt32BE(offsetBytes % 2 ** 32, at + 4);
}

/**
 * Reads the payload of a chunk that tells of a hole.
 * @param payload - from outside
 * @returns undefined when it is malformed
 */
export function decodeHole(payload: Buffer): ReplySpan | undefined {
  if (payload.length !== 12 || payload.readUInt32BE(8) === 0) return undefined;
  return { offsetBytes: Number(payload.readBigUInt64BE(0)), lengthBytes: payload.readUInt32BE(8) };
}

/**
 * Payload of a chunk that tells of an error.
 * @param error - error number, not 0
 * @param message - words for people, cut at 200 bytes
 * @source proto.md, "NBD_REPLY_TYPE_ERROR": error 4, message length 2, message
 */
export function encodeErrorPayload(error: number, message: string): Buffer {
  const text = Buffer.from(message, 'utf8').subarray(0, 200);
  const payload = Buffer.alloc(6 + text.length);
  payload.writeUInt32BE(error, 0);
  payload.writeUInt16BE(text.length, 4);
  text.copy(payload, 6);
  return payload;
}

/**
 * Reads the payload of a chunk that tells of an error.
 * @param payload - from outside
 * @returns undefined when it is malformed
 */
export function decodeErrorPayload(
  payload: Buffer,
): { readonly error: number; readonly message: string } | undefined {
  if (payload.length < 6) return undefined;
  const end = 6 + payload.readUInt16BE(4);
  if (end > payload.length) return undefined;
  return { error: payload.readUInt32BE(0), message: payload.toString('utf8', 6, end) };
}
