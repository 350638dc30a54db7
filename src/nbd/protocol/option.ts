import { optionMagic, optionReplyMagic } from './numbers.ts';

/** Bytes before an option's data. */
export const optionHeaderBytes: number = 16;

/** Bytes before the data of a reply to an option. */
export const optionReplyHeaderBytes: number = 20;

/** What stands before an option's data. */
export interface OptionHeader {
  /** Number of the option. */
  readonly option: number;
  /** Length of the data that follows, bytes. */
  readonly dataBytes: number;
}

/** What stands before the data of a reply to an option. */
export interface OptionReplyHeader extends OptionHeader {
  /** Number of the kind of reply. */
  readonly reply: number;
}

/**
 * An option as the client sends it.
 * @param option - its number
 * @param data - its data
 * @source proto.md, "Newstyle negotiation": magic 8, option 4, length 4, data
 */
export function encodeOption(option: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(optionHeaderBytes);
  header.writeBigUInt64BE(optionMagic, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
}

/**
 * Reads the start of an option.
 * @param bytes - at least optionHeaderBytes
 * @returns undefined when the magic is wrong
 */
export function decodeOptionHeader(bytes: Buffer): OptionHeader | undefined {
  if (bytes.readBigUInt64BE(0) !== optionMagic) return undefined;
  return { option: bytes.readUInt32BE(8), dataBytes: bytes.readUInt32BE(12) };
}

/**
 * A reply to an option.
 * @param option - number of the option it answers
 * @param reply - kind of reply
 * @param data - its data; for an error a sentence for people
 * @source proto.md, "Fixed newstyle negotiation": magic 8, option 4, reply type 4, length 4, data
 */
export function encodeOptionReply(
  option: number,
  reply: number,
  data: Buffer = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(optionReplyHeaderBytes);
  header.writeBigUInt64BE(optionReplyMagic, 0);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(reply, 12);
  header.writeUInt32BE(data.length, 16);
  return Buffer.concat([header, data]);
}

/**
 * Reads the start of a reply to an option.
 * @param bytes - at least optionReplyHeaderBytes
 * @returns undefined when the magic is wrong
 */
export function decodeOptionReplyHeader(bytes: Buffer): OptionReplyHeader | undefined {
  if (bytes.readBigUInt64BE(0) !== optionReplyMagic) return undefined;
  return {
    option: bytes.readUInt32BE(8),
    reply: bytes.readUInt32BE(12),
    dataBytes: bytes.readUInt32BE(16),
  };
}
