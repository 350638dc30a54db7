import { FormatFault } from './format-fault.ts';

/**
 * A key slot: the repository's master key, encrypted under a key made from a secret. A JSON file, since people look at
 * it and it is never on a hot path (docs/formats/keys.md). Byte fields are base64.
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

const slotBytesMax = 4096;
const labelLengthMax = 200;
/** 2 GiB of memory at the most: an altered slot must not exhaust the machine. */
const scryptMax = { N: 2 ** 20, r: 16, p: 4 };

/**
 * Encodes a slot.
 * @param slot - its fields
 */
export function encodeKeySlot(slot: KeySlot): Uint8Array {
  return Buffer.from(`${JSON.stringify(slot, undefined, 2)}\n`, 'utf8');
}

/**
 * Decodes a slot.
 * @param bytes - the file's content
 * @throws FormatFault
 */
export function decodeKeySlot(bytes: Uint8Array): KeySlot {
  if (bytes.length > slotBytesMax) throw new FormatFault('a key slot is too long', slotBytesMax);
  const slot = parse(bytes);
  const isSound =
    /^[0-9a-f]{16}$/.test(slot.id) &&
    ['passphrase', 'key-file', 'recovery'].includes(slot.kind) &&
    slot.label.length <= labelLengthMax &&
    isCostSound(slot.scrypt) &&
    lengthOf(slot.salt) === 32 &&
    lengthOf(slot.nonce) === 12 &&
    lengthOf(slot.wrapped) === 48;
  if (!isSound) throw new FormatFault('a key slot has an impossible field', 0);
  return slot;
}

function parse(bytes: Uint8Array): KeySlot {
  try {
    const slot = JSON.parse(Buffer.from(bytes).toString('utf8')) as KeySlot;
    if ((slot.format as number) > 1) throw new FormatFault(`newer key slot ${slot.format}`, 0);
    return slot;
  } catch (error) {
    if (error instanceof FormatFault) throw error;
    throw new FormatFault('a key slot is not JSON', 0);
  }
}

function isCostSound(cost: KeySlot['scrypt']): boolean {
  const isPowerOfTwo = Number.isInteger(Math.log2(cost.N));
  return (
    isPowerOfTwo &&
    cost.N <= scryptMax.N &&
    inRange(cost.r, scryptMax.r) &&
    inRange(cost.p, scryptMax.p)
  );
}

function inRange(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}

function lengthOf(text: string): number {
  return Buffer.from(text, 'base64').length;
}
