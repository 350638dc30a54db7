import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { exchangeChunksMax } from './exchange-limits.ts';
import { FormatFault } from './format-fault.ts';

/**
 * What a file of a commit spool begins with (docs/formats/exchange.md):
 *
 *   size field
 *      8 magic "SWSPOOL\n"
 *      2 format version, 1
 *      8 position of the commit in its stream
 *     16 salt, random
 *      4 number of parts, n: the encoded commit, then its groups
 *  n × 4 length of each sealed part, bytes
 *      4 CRC-32 of all before it
 *
 * The sealed parts follow, one after the other.
 */
export interface SpooledCommitHead {
  /** Position in the stream, from 1. */
  readonly position: number;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Length of each sealed part, bytes. */
  readonly partBytes: readonly number[];
}

const magic = Buffer.from('SWSPOOL\n');
const version = 1;
const saltBytes = 16;
const fixedBytes = 8 + 2 + 8 + saltBytes + 4;

/** Bytes by which sealing makes a part longer. */
export const spoolTagBytes = 16;

/** Bytes of the head before the lengths of its parts; as much tells how long it is. */
export const spoolHeadBytesMin: number = fixedBytes;

/**
 * Encodes a head.
 * @param head - its fields
 */
export function encodeSpooledHead({ position, salt, partBytes }: SpooledCommitHead): Uint8Array {
  const writer = new ByteWriter(fixedBytes + partBytes.length * 4 + 4);
  writer.bytes(magic).u16(version).u64(position).bytes(salt).u32(partBytes.length);
  for (const bytes of partBytes) writer.u32(bytes);
  const checksum = crc32(writer.finish());
  return writer.u32(checksum).finish();
}

/**
 * Tells how long a head is.
 * @param start - its first spoolHeadBytesMin bytes
 * @returns bytes
 * @throws FormatFault
 */
export function spooledHeadBytes(start: Uint8Array): number {
  const reader = new ByteReader(start);
  if (!magic.equals(reader.bytes(magic.length))) throw new FormatFault('it is no spool', 0);
  if (reader.u16() !== version) throw new FormatFault('it has another version', 8);
  reader.bytes(8 + saltBytes);
  const count = reader.u32();
  if (count < 1 || count > exchangeChunksMax + 1) {
    throw new FormatFault('it has an impossible number of parts', fixedBytes - 4);
  }
  return fixedBytes + count * 4 + 4;
}

/**
 * Decodes a head.
 * @param bytes - the whole head
 * @throws FormatFault
 */
export function decodeSpooledHead(bytes: Uint8Array): SpooledCommitHead {
  if (spooledHeadBytes(bytes) !== bytes.length) throw new FormatFault('its head is cut', 0);
  const reader = new ByteReader(bytes);
  reader.bytes(magic.length + 2);
  const position = reader.u64();
  const salt = Uint8Array.from(reader.bytes(saltBytes));
  const count = reader.u32();
  const partBytes = Array.from({ length: count }, () => reader.u32());
  const checksum = crc32(bytes.subarray(0, bytes.length - 4));
  if (reader.u32() !== checksum) throw new FormatFault('the checksum of its head is wrong', 0);
  return { position, salt, partBytes };
}

/** Seals and opens the parts of one spooled commit: AES-256-GCM under a key of its own, the number of the part as nonce. */
export class SpoolCipher {
  readonly #key: Uint8Array;

  /**
   * @param secret - 32 bytes, of the stream
   * @param salt - of the head
   */
  constructor(secret: Uint8Array, salt: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync('sha256', secret, salt, 'secondwind commit spool', 32));
  }

  /**
   * Seals.
   * @param part - its number, from 0
   * @param plain - borrowed
   */
  seal(part: number, plain: Uint8Array): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(part));
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * Opens.
   * @param part - its number, from 0
   * @param sealed - borrowed
   * @throws FormatFault when it is not what was sealed
   */
  open(part: number, sealed: Uint8Array): Uint8Array {
    if (sealed.length < spoolTagBytes) throw new FormatFault('a part is too short', 0);
    const end = sealed.length - spoolTagBytes;
    const cipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(part));
    cipher.setAuthTag(sealed.subarray(end));
    try {
      return Buffer.concat([cipher.update(sealed.subarray(0, end)), cipher.final()]);
    } catch {
      throw new FormatFault(`part ${part} is not what was sealed`, 0);
    }
  }
}

function nonceOf(part: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, part, true);
  return nonce;
}
