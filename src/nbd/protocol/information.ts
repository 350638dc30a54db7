import { information } from './numbers.ts';

/** Sizes a client should keep to ("Size constraints"). */
export interface BlockSizes {
  /** Smallest unit of offset and length, bytes: a power of two. */
  readonly minimumBytes: number;
  /** Unit that is efficient, bytes: a power of two. */
  readonly preferredBytes: number;
  /** Largest data of one request, bytes. */
  readonly maximumBytes: number;
}

/** What an export is: its size and what it can do. */
export interface ExportFacts {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Bits of transmissionFlag. */
  readonly flags: number;
}

/** One piece of information about an export, as a client reads it. */
export type Information =
  | ({ readonly kind: 'export' } & ExportFacts)
  | { readonly kind: 'name' | 'description'; readonly text: string }
  | ({ readonly kind: 'blockSize' } & BlockSizes)
  | { readonly kind: 'unknown' };

/**
 * Size and abilities of an export, as NBD_INFO_EXPORT carries them.
 * @param facts - of the export
 * @source proto.md, "NBD_INFO_EXPORT": type 2, size 8, transmission flags 2
 */
export function encodeExportInformation(facts: ExportFacts): Buffer {
  const data = Buffer.alloc(12);
  data.writeUInt16BE(information.export, 0);
  encodeExportFacts(facts).copy(data, 2);
  return data;
}

/**
 * Size and abilities of an export, as the answer to NBD_OPT_EXPORT_NAME carries them.
 * @param facts - of the export
 * @source proto.md, "Newstyle negotiation": size 8, transmission flags 2
 */
export function encodeExportFacts(facts: ExportFacts): Buffer {
  const data = Buffer.alloc(10);
  data.writeBigUInt64BE(BigInt(facts.sizeBytes), 0);
  data.writeUInt16BE(facts.flags, 8);
  return data;
}

/**
 * A name or description, as NBD_INFO_NAME and NBD_INFO_DESCRIPTION carry it.
 * @param kind - which of the two
 * @param text - what it says
 */
export function encodeTextInformation(kind: 'name' | 'description', text: string): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(information[kind], 0);
  return Buffer.concat([head, Buffer.from(text, 'utf8')]);
}

/**
 * Sizes a client should keep to, as NBD_INFO_BLOCK_SIZE carries them.
 * @param sizes - see BlockSizes
 * @source proto.md, "NBD_INFO_BLOCK_SIZE": type 2, minimum 4, preferred 4, maximum 4
 */
export function encodeBlockSizes(sizes: BlockSizes): Buffer {
  const data = Buffer.alloc(14);
  data.writeUInt16BE(information.blockSize, 0);
  data.writeUInt32BE(sizes.minimumBytes, 2);
  data.writeUInt32BE(sizes.preferredBytes, 6);
  data.writeUInt32BE(sizes.maximumBytes, 10);
  return data;
}

/**
 * Reads the data of an NBD_REP_INFO.
 * @param data - from outside
 * @returns undefined when it does not have the length its kind demands
 */
export function decodeInformation(data: Buffer): Information | undefined {
  if (data.length < 2) return undefined;
  switch (data.readUInt16BE(0)) {
    case information.export:
      return decodeFacts(data);
    case information.name:
      return { kind: 'name', text: data.toString('utf8', 2) };
    case information.description:
      return { kind: 'description', text: data.toString('utf8', 2) };
    case information.blockSize:
      return decodeBlockSizes(data);
    default:
      return { kind: 'unknown' };
  }
}

function decodeFacts(data: Buffer): Information | undefined {
  if (data.length !== 12) return undefined;
  const sizeBytes = Number(data.readBigUInt64BE(2));
  if (!Number.isSafeInteger(sizeBytes)) return undefined;
  return { kind: 'export', sizeBytes, flags: data.readUInt16BE(10) };
}

function decodeBlockSizes(data: Buffer): Information | undefined {
  if (data.length !== 14) return undefined;
  return {
    kind: 'blockSize',
    minimumBytes: data.readUInt32BE(2),
    preferredBytes: data.readUInt32BE(6),
    maximumBytes: data.readUInt32BE(10),
  };
}
