import { requestMagic } from './numbers.ts';

/** Bytes of a request before its data. */
export const requestBytes: number = 28;

/** One request. Decoding fills the same object again and again: whoever needs it later copies what he needs. */
export interface RequestHeader {
  /** Bits of commandFlag. */
  flags: number;
  /** Number of the command. */
  command: number;
  /** First half of what the client names the request by. */
  cookieHigh: number;
  /** Second half. */
  cookieLow: number;
  /** Start of the span, bytes; beyond 2^53 only about right, and then beyond any disk. */
  offsetBytes: number;
  /** Length of the span, bytes. */
  lengthBytes: number;
}

/** A header to decode into. */
export function emptyRequest(): RequestHeader {
  return { flags: 0, command: 0, cookieHigh: 0, cookieLow: 0, offsetBytes: 0, lengthBytes: 0 };
}

/**
 * Writes a request.
 * @param target - takes requestBytes
 * @param at - where in it
 * @param header - what to write
 * @source proto.md, "Request message": magic 4, flags 2, type 2, cookie 8, offset 8, length 4
 */
export function encodeRequest(target: Buffer, at: number, header: Readonly<RequestHeader>): void {
  target.writeUInt32BE(requestMagic, at);
  target.writeUInt16BE(header.flags, at + 4);
  target.writeUInt16BE(header.command, at + 6);
  target.writeUInt32BE(header.cookieHigh, at + 8);
  target.writeUInt32BE(header.cookieLow, at + 12);
  target.writeUInt32BE(Math.floor(header.offsetBytes / 2 ** 32), at + 16);
  target.writeUInt32BE(header.offsetBytes % 2 ** 32, at + 20);
  target.writeUInt32BE(header.lengthBytes, at + 24);
}

/**
 * Reads a request.
 * @param bytes - holds requestBytes
 * @param at - where in it
 * @param header - filled
 * @returns whether the magic is right; when not, the header is as it was
 */
export function decodeRequest(bytes: Buffer, at: number, header: RequestHeader): boolean {
  if (bytes.readUInt32BE(at) !== requestMagic) return false;
  header.flags = bytes.readUInt16BE(at + 4);
  header.command = bytes.readUInt16BE(at + 6);
  header.cookieHigh = bytes.readUInt32BE(at + 8);
  header.cookieLow = bytes.readUInt32BE(at + 12);
  header.offsetBytes = bytes.readUInt32BE(at + 16) * 2 ** 32 + bytes.readUInt32BE(at + 20);
  header.lengthBytes = bytes.readUInt32BE(at + 24);
  return true;
}
