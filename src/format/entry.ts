import { createCipheriv, createDecipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { commitBytesMax, groupBytesMax } from '../base/limits.ts';
import { runCipher } from './cipher-steps.ts';
import { FormatFault } from './format-fault.ts';
import { keyObjectOf } from './key-object.ts';
import { ZstdDecoder } from './zstd-decoder.ts';
import { ZstdEncoder } from './zstd-encoder.ts';

/**
 * One entry of a segment: a header of 48 bytes, the sealed payload, and zeroes up to the next multiple of 16.
 * All little-endian (docs/formats/segment.md):
 *
 *   offset size field
 *        0    4 magic "SWE1"
 *        4    1 type: 1 group of chunks, 2 commit, 3 footer
 *        5    1 encoding: 0 as it is, 1 zstd
 *        6    2 zero
 *        8    4 segment number
 *       12    4 offset of this header in the segment, bytes
 *       16    4 plain length, bytes
 *       20    4 payload length, bytes
 *       24   16 AES-256-GCM tag over the payload; bytes 0–23 are the additional data
 *       40    4 CRC-32 of the sealed payload, so that rot can be found without the key
 *       44    4 CRC-32 of bytes 0–43
 *
 * The nonce is the entry's own offset. An offset is handed out once in a segment's life and every segment has a key
 * of its own, so no nonce repeats; and an entry that is moved to another place or segment no longer opens.
 */
export interface EntryHeader {
  /** What the entry holds. */
  readonly type: EntryType;
  readonly isCompressed: boolean;
  /** Number of the segment that the entry says it belongs to. */
  readonly segment: number;
  readonly offsetBytes: number;
  /** Length before compression, bytes. */
  readonly plainBytes: number;
  readonly payloadBytes: number;
  /** CRC-32 of the sealed payload. */
  readonly payloadChecksum: number;
}

/** What an entry holds. */
export type EntryType = 'group' | 'commit' | 'footer';

/** Size of an entry's header, bytes. */
export const entryHeaderBytes = 48;

/** Entries start at multiples of this many bytes. */
export const entryAlignmentBytes = 16;

/** Plain lengths above this are refused before anything is allocated, bytes. */
export const entryPlainBytesMax: number = commitBytesMax;

const magic = 0x31455753;
const additionalBytes = 24;
const tagAt = 24;
const types: readonly EntryType[] = ['group', 'commit', 'footer'];

/** A thread opens one entry at a time. What is decrypted but not yet decompressed lies here, unless it is uncommonly large. */
const scratch = Buffer.allocUnsafeSlow(groupBytesMax);
const decoder = new ZstdDecoder();
/** By level; a repository uses two. */
const encoders = new Map<number, ZstdEncoder>();

/** Payload ready to be sealed: its place is not known yet. */
export interface PackedPayload {
  /** What the entry holds. */
  readonly type: EntryType;
  readonly isCompressed: boolean;
  /** Length before compression, bytes. */
  readonly plainBytes: number;
  /** Compressed or plain bytes, not yet encrypted. */
  readonly bytes: Uint8Array;
}

/**
 * Bytes an entry takes in the segment, header and padding included.
 * @param payloadBytes - sealed length, bytes
 */
export function entrySpanBytes(payloadBytes: number): number {
  const bytes = entryHeaderBytes + payloadBytes;
  return Math.ceil(bytes / entryAlignmentBytes) * entryAlignmentBytes;
}

/**
 * Compresses a payload where that gains at least 3 %.
 * @param type - kind of entry
 * @param plain - borrowed
 * @param level - zstd level
 */
export function packPayload(type: EntryType, plain: Uint8Array, level: number): PackedPayload {
  const packed = isIncompressible(plain) ? plain : compress(plain, level);
  const isCompressed = packed.length < plain.length * 0.97;
  const bytes = isCompressed ? new Uint8Array(packed) : plain;
  return { type, isCompressed, plainBytes: plain.length, bytes };
}

/**
 * Encrypts a packed payload and writes the whole entry.
 * @param packed - what to seal
 * @param place - segment, its key (32 bytes), and the offset handed out for this entry
 * @param target - receives entrySpanBytes(packed.bytes.length) bytes from its start
 */
export function sealEntry(
  packed: PackedPayload,
  place: { segment: number; segmentKey: Uint8Array; offsetBytes: number },
  target: Buffer,
): void {
  const payloadBytes = packed.bytes.length;
  target.writeUInt32LE(magic, 0);
  target.writeUInt8(types.indexOf(packed.type) + 1, 4);
  target.writeUInt8(packed.isCompressed ? 1 : 0, 5);
  target.writeUInt16LE(0, 6);
  target.writeUInt32LE(place.segment, 8);
  target.writeUInt32LE(place.offsetBytes, 12);
  target.writeUInt32LE(packed.plainBytes, 16);
  target.writeUInt32LE(payloadBytes, 20);
  const cipher = createCipheriv(
    'aes-256-gcm',
    keyObjectOf(place.segmentKey),
    nonceOf(place.offsetBytes),
  );
  cipher.setAAD(target.subarray(0, additionalBytes));
  const sealed = target.subarray(entryHeaderBytes, entryHeaderBytes + payloadBytes);
  runCipher(cipher, packed.bytes, sealed);
  cipher.final();
  target.set(cipher.getAuthTag(), tagAt);
  target.writeUInt32LE(crc32(sealed), 40);
  target.writeUInt32LE(crc32(target.subarray(0, 44)), 44);
  target.fill(0, entryHeaderBytes + payloadBytes, entrySpanBytes(payloadBytes));
}

/**
 * Tells whether an entry's header may stand here.
 * @param bytes - 48 bytes or more; fewer are none
 */
export function isEntryStart(bytes: Buffer): boolean {
  return bytes.length >= entryHeaderBytes && bytes.readUInt32LE(0) === magic;
}

/**
 * Decodes an entry's header.
 * @param bytes - at least 48 bytes
 * @throws FormatFault when it is none, or its lengths are impossible
 */
export function decodeEntryHeader(bytes: Buffer): EntryHeader {
  if (bytes.length < entryHeaderBytes || bytes.readUInt32LE(0) !== magic) {
    throw new FormatFault('there is no entry here', 0);
  }
  if (crc32(bytes.subarray(0, 44)) !== bytes.readUInt32LE(44)) {
    throw new FormatFault('the entry header checksum does not match', 44);
  }
  const type = types[bytes.readUInt8(4) - 1];
  const encoding = bytes.readUInt8(5);
  const plainBytes = bytes.readUInt32LE(16);
  const payloadBytes = bytes.readUInt32LE(20);
  if (type === undefined || encoding > 1) throw new FormatFault('newer kind of entry', 4);
  const isLengthSound = encoding === 0 ? payloadBytes === plainBytes : payloadBytes <= plainBytes;
  if (plainBytes > entryPlainBytesMax || !isLengthSound) {
    throw new FormatFault('the entry lengths are impossible', 16);
  }
  return {
    type,
    isCompressed: encoding === 1,
    segment: bytes.readUInt32LE(8),
    offsetBytes: bytes.readUInt32LE(12),
    plainBytes,
    payloadBytes,
    payloadChecksum: bytes.readUInt32LE(40),
  };
}

/**
 * Decrypts, authenticates and decompresses an entry.
 * @param bytes - the whole entry, header first
 * @param place - where it was read, and the segment's key
 * @param memory - receives the plain payload where that fits; after a fault its content is of no use
 * @returns the plain payload, in `memory` or in memory of its own
 * @throws FormatFault on any damage, and on an entry that belongs to another place
 */
export function openEntry(
  bytes: Buffer,
  place: { segment: number; segmentKey: Uint8Array; offsetBytes: number },
  memory?: Buffer,
): { header: EntryHeader; plain: Buffer } {
  const header = decodeEntryHeader(bytes);
  if (header.segment !== place.segment || header.offsetBytes !== place.offsetBytes) {
    throw new FormatFault('the entry belongs to another place', 8);
  }
  const sealed = bytes.subarray(entryHeaderBytes, entryHeaderBytes + header.payloadBytes);
  if (sealed.length !== header.payloadBytes) throw new FormatFault('the entry ends early', 20);
  // No longer than what was read; the length that a header claims decides nothing before the tag has agreed.
  const packed = memoryFor(header.payloadBytes, header.isCompressed ? scratch : memory);
  const key = keyObjectOf(place.segmentKey);
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(place.offsetBytes));
  decipher.setAAD(bytes.subarray(0, additionalBytes));
  decipher.setAuthTag(bytes.subarray(tagAt, tagAt + 16));
  // What stands in memory by now is looked at by nobody before the tag has agreed.
  runCipher(decipher, sealed, packed);
  try {
    decipher.final();
  } catch {
    throw new FormatFault('the entry was altered or its key is another', tagAt);
  }
  if (!header.isCompressed) return { header, plain: packed };
  const plain = memoryFor(header.plainBytes, memory);
  decompress(packed, plain);
  return { header, plain };
}

function memoryFor(lengthBytes: number, memory: Buffer | undefined): Buffer {
  if (memory === undefined || memory.length < lengthBytes)
    return Buffer.allocUnsafeSlow(lengthBytes);
  return memory.subarray(0, lengthBytes);
}

function nonceOf(offsetBytes: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32LE(offsetBytes);
  return nonce;
}

/** @returns the frame, borrowed until the next call at the same level */
function compress(plain: Uint8Array, level: number): Uint8Array {
  let encoder = encoders.get(level);
  if (encoder === undefined) encoders.set(level, (encoder = new ZstdEncoder(level)));
  return encoder.encode(plain);
}

function decompress(packed: Uint8Array, plain: Uint8Array): void {
  const fault = decoder.decode(packed, plain);
  if (fault === undefined) return;
  throw new FormatFault(`the payload does not decompress: ${fault}`, entryHeaderBytes);
}

/**
 * Guesses by the entropy of a sample of single bytes. Random and encrypted data has 8 bits a byte; what compresses
 * well enough to pay for the time lies clearly below.
 */
function isIncompressible(plain: Uint8Array): boolean {
  if (plain.length < 16384) return false;
  const sampleCount = 4096;
  const step = Math.floor(plain.length / sampleCount);
  const counts = new Uint32Array(256);
  for (let index = 0; index < sampleCount; index++) {
    const value = plain[index * step] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / sampleCount);
  return bits / sampleCount > 7.9;
}
