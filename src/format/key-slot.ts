import { decodeCheckedJson, encodeCheckedJson, type JsonFields } from './checked-json.ts';
import { FormatFault } from './format-fault.ts';

/**
 * A key slot: the repository's master key, encrypted under a key made from a secret. A JSON file, since people look at
 * it and it is never on a hot path (docs/formats/keys.md); with a checksum (checked-json.ts), so that rot is told from a
 * wrong key. Byte fields are base64.
 */
export interface KeySlot {
  /** Version of the layout. */
  readonly format: 1;
  /** 16 lower-case hexadecimal digits. */
  readonly id: string;
  /** How the secret is kept: remembered, in a file, or printed. */
  readonly kind: 'passphrase' | 'key-file' | 'recovery';
  /** Words of the person who added it. */
  readonly label: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** scrypt's cost; secrets of 256 random bits need none and have N = 1. */
  readonly scrypt: { readonly N: number; readonly r: number; readonly p: number };
  /** Salt of the key derivation, 32 bytes. */
  readonly salt: string;
  /** Nonce of the wrapping, 12 bytes. */
  readonly nonce: string;
  /** AES-256-GCM of the 32-byte master key, followed by its 16-byte tag. */
  readonly wrapped: string;
}

/** Longest label of a slot, characters. */
export const keyLabelCharactersMax = 200;
/** 2 GiB of memory at the most: an altered slot must not exhaust the machine. */
const scryptMax = { N: 2 ** 20, r: 16, p: 4 };

/**
 * Encodes a slot.
 * @param slot - its fields
 */
export function encodeKeySlot(slot: KeySlot): Uint8Array {
  return encodeCheckedJson(slot);
}

/**
 * Decodes a slot.
 * @param bytes - the file's content
 * @throws FormatFault
 */
export function decodeKeySlot(bytes: Uint8Array): KeySlot {
  const slot = decodeCheckedJson(bytes);
  const { format } = slot;
  if (typeof format === 'number' && format > 1)
    throw new FormatFault(`newer key slot ${format}`, 0);
  if (!isSound(slot)) throw new FormatFault('a key slot has an impossible field', 0);
  return slot;
}

function isSound(slot: JsonFields): slot is JsonFields & KeySlot {
  const { label, created, salt, nonce, wrapped } = slot as Partial<Record<keyof KeySlot, unknown>>;
  return (
    slot['format'] === 1 &&
    isText(slot['id'], /^[0-9a-f]{16}$/) &&
    isText(slot['kind'], /^(passphrase|key-file|recovery)$/) &&
    typeof label === 'string' &&
    label.length <= keyLabelCharactersMax &&
    isText(created, /^[0-9T:.Z-]{1,40}$/) &&
    isCostSound(slot['scrypt']) &&
    lengthOf(salt) === 32 &&
    lengthOf(nonce) === 12 &&
    lengthOf(wrapped) === 48
  );
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function isCostSound(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { N, r, p } = value as JsonFields;
  return (
    inRange(N, scryptMax.N) &&
    Number.isInteger(Math.log2(N)) &&
    inRange(r, scryptMax.r) &&
    inRange(p, scryptMax.p)
  );
}

function inRange(value: unknown, max: number): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? Buffer.from(text, 'base64').length : -1;
}
