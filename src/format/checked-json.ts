import { createHash } from 'node:crypto';
import { FormatFault } from './format-fault.ts';

/** What a JSON object holds, before anybody has looked at its fields. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** Size of the largest checked JSON file, bytes. */
export const checkedJsonBytesMax = 4096;

const checksumDigits = 32;

/**
 * Encodes an object as JSON that people can read, with a field `checksum`: the first 16 bytes, in hexadecimal, of the
 * SHA-256 of the object's JSON without that field and without spaces. It tells rot from a wrong key or a newer format.
 * @param fields - at most a few hundred bytes
 */
export function encodeCheckedJson(fields: object): Uint8Array {
  const checked = { ...fields, checksum: checksumOf(fields) };
  return Buffer.from(`${JSON.stringify(checked, undefined, 2)}\n`, 'utf8');
}

/**
 * Decodes and checks an object; what its fields mean is for the caller to check.
 * @param bytes - the file's content
 * @returns the fields without the checksum
 * @throws FormatFault
 */
export function decodeCheckedJson(bytes: Uint8Array): JsonFields {
  if (bytes.length > checkedJsonBytesMax)
    throw new FormatFault('it is too long', checkedJsonBytesMax);
  const { checksum, ...fields } = parse(bytes);
  if (checksum !== checksumOf(fields)) throw new FormatFault('the checksum does not match', 0);
  return fields;
}

function parse(bytes: Uint8Array): JsonFields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new FormatFault(`it is not JSON: ${String(error)}`, 0);
  }
  if (typeof value === 'object' && value !== null) return value as JsonFields;
  throw new FormatFault('it is no JSON object', 0);
}

function checksumOf(fields: object): string {
  const digest = createHash('sha256').update(JSON.stringify(fields)).digest('hex');
  return digest.slice(0, checksumDigits);
}
