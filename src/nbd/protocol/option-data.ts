import { nbdQueriesMax, nbdStringBytesMax } from '../../base/limits.ts';

/** Data of NBD_OPT_INFO and NBD_OPT_GO. */
export interface ExportRequest {
  /** Export asked for; empty for the default one. */
  readonly name: string;
  /** Kinds of information asked for. */
  readonly information: readonly number[];
}

/** Data of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export interface MetaContextRequest {
  /** Export asked about. */
  readonly name: string;
  /** Contexts asked for, or patterns of them. */
  readonly queries: readonly string[];
}

/**
 * Encodes what NBD_OPT_INFO and NBD_OPT_GO carry.
 * @param request - the export and what is asked about it
 * @source proto.md, "NBD_OPT_INFO and NBD_OPT_GO": name length 4, name, count 2, requests 2 each
 */
export function encodeExportRequest(request: ExportRequest): Buffer {
  const tail = Buffer.alloc(2 + 2 * request.information.length);
  tail.writeUInt16BE(request.information.length, 0);
  for (const [index, kind] of request.information.entries())
    tail.writeUInt16BE(kind, 2 + 2 * index);
  return Buffer.concat([encodeString(request.name), tail]);
}

/**
 * Reads what NBD_OPT_INFO and NBD_OPT_GO carry.
 * @param data - the option's data, from outside
 * @returns undefined when it does not fit its own lengths
 */
export function decodeExportRequest(data: Buffer): ExportRequest | undefined {
  const name = decodeString(data, 0);
  if (name === undefined || data.length < name.end + 2) return undefined;
  const count = data.readUInt16BE(name.end);
  if (data.length !== name.end + 2 + 2 * count) return undefined;
  const information = Array.from({ length: count }, (_, index) =>
    data.readUInt16BE(name.end + 2 + 2 * index),
  );
  return { name: name.text, information };
}

/**
 * Encodes what the metadata context options carry.
 * @param request - the export and the queries
 * @source proto.md, "NBD_OPT_LIST_META_CONTEXT": name length 4, name, count 4, then per query length 4, query
 */
export function encodeMetaContextRequest(request: MetaContextRequest): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(request.queries.length, 0);
  return Buffer.concat([encodeString(request.name), count, ...request.queries.map(encodeString)]);
}

/**
 * Reads what the metadata context options carry.
 * @param data - the option's data, from outside
 * @returns undefined when it does not fit its own lengths; 'too-big' when it asks too much
 */
export function decodeMetaContextRequest(data: Buffer): MetaContextRequest | 'too-big' | undefined {
  const name = decodeString(data, 0);
  if (name === undefined || data.length < name.end + 4) return undefined;
  const count = data.readUInt32BE(name.end);
  if (count > nbdQueriesMax) return 'too-big';
  const queries: string[] = [];
  let end = name.end + 4;
  for (let index = 0; index < count; index += 1) {
    const query = decodeString(data, end);
    if (query === undefined) return undefined;
    queries.push(query.text);
    end = query.end;
  }
  return end === data.length ? { name: name.text, queries } : undefined;
}

/**
 * Encodes a string with its length before it.
 * @param text - any text
 */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/**
 * Reads a string with its length before it.
 * @param data - bytes from outside
 * @param at - where the length stands
 * @returns the text and the place after it, or undefined when it does not fit or is too long
 */
export function decodeString(data: Buffer, at: number): { text: string; end: number } | undefined {
  if (data.length < at + 4) return undefined;
  const lengthBytes = data.readUInt32BE(at);
  const end = at + 4 + lengthBytes;
  if (lengthBytes > nbdStringBytesMax || end > data.length) return undefined;
  return { text: data.toString('utf8', at + 4, end), end };
}
