import { greetingMagic, handshakeFlag, optionMagic } from './numbers.ts';

/** Bytes of the server's greeting. */
export const greetingBytes: number = 18;

/** Bytes of the client's answer. */
export const clientFlagsBytes: number = 4;

/** What the client wants of the handshake. */
export interface ClientFlags {
  /** Whether it knows options with replies; without, it may only name an export. */
  readonly isFixedNewstyle: boolean;
  /** Whether the 124 zeroes after the answer to NBD_OPT_EXPORT_NAME are left out. */
  readonly skipsZeroes: boolean;
}

/**
 * The server's greeting: fixed newstyle, no zeroes.
 * @source proto.md, "Newstyle negotiation": magic 8, option magic 8, handshake flags 2; all numbers big-endian
 */
export function encodeGreeting(): Buffer {
  const bytes = Buffer.alloc(greetingBytes);
  bytes.writeBigUInt64BE(greetingMagic, 0);
  bytes.writeBigUInt64BE(optionMagic, 8);
  bytes.writeUInt16BE(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes, 16);
  return bytes;
}

/**
 * Reads a server's greeting.
 * @param bytes - greetingBytes of them
 * @returns the handshake flags, or undefined when it is no newstyle server
 */
export function decodeGreeting(bytes: Buffer): number | undefined {
  if (bytes.readBigUInt64BE(0) !== greetingMagic) return undefined;
  if (bytes.readBigUInt64BE(8) !== optionMagic) return undefined;
  return bytes.readUInt16BE(16);
}

/**
 * The client's answer to the greeting.
 * @param flags - bits of handshakeFlag
 */
export function encodeClientFlags(flags: number): Buffer {
  const bytes = Buffer.alloc(clientFlagsBytes);
  bytes.writeUInt32BE(flags, 0);
  return bytes;
}

/**
 * Reads the client's answer.
 * @param bytes - clientFlagsBytes of them
 * @returns undefined when a flag is set that we did not offer: the connection must then be dropped
 * @source proto.md, "Client flags"
 */
export function decodeClientFlags(bytes: Buffer): ClientFlags | undefined {
  const flags = bytes.readUInt32BE(0);
  const known = handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes;
  if ((flags & ~known) !== 0) return undefined;
  return {
    isFixedNewstyle: (flags & handshakeFlag.fixedNewstyle) !== 0,
    skipsZeroes: (flags & handshakeFlag.noZeroes) !== 0,
  };
}
