import { u16be, u16le, u32le } from '../integers.ts';

/** Size of the sectors in which descriptors lie, bytes; blocks may be smaller. */
export const sectorBytes = 2048;

/** First sector that holds a descriptor. */
export const firstDescriptorSector = 16;

/** Offset of the record of the root directory within a descriptor. */
export const rootRecordOffset = 156;

/** A primary or supplementary descriptor. */
export interface VolumeDescriptor {
  /** Whether its names are UTF-16: Joliet. */
  readonly isJoliet: boolean;
  /** Name of the volume. */
  readonly label: string;
  /** When it was made, as blkid shows it for an identity; empty when it does not say. */
  readonly uuid: string;
  /** Size of a block, bytes. */
  readonly blockBytes: number;
  /** Blocks of the volume. */
  readonly blockCount: number;
}

/**
 * Whether a sector is a descriptor.
 * @param sector - 2048 bytes
 */
export function isDescriptor(sector: Uint8Array): boolean {
  return sector.length === sectorBytes && String.fromCharCode(...sector.subarray(1, 6)) === 'CD001';
}

/**
 * Decodes a descriptor.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | 1 primary, 2 supplementary, 255 the last |
 * | 1 | 5 | "CD001" |
 * | 40 | 32 | name of the volume |
 * | 80 | 8 | blocks, in both byte orders |
 * | 88 | 32 | of a supplementary one: "%/@", "%/C" or "%/E" make it Joliet |
 * | 128 | 4 | size of a block, in both byte orders |
 * | 156 | 34 | record of the root directory |
 * | 813 | 17 | when it was made: 16 digits and a zone |
 * @param sector - 2048 bytes that isDescriptor
 * @returns undefined when it is neither primary nor Joliet, or impossible
 * @source ECMA-119, §8.4 and §8.5; Joliet specification, §3
 */
export function decodeVolumeDescriptor(sector: Uint8Array): VolumeDescriptor | undefined {
  const isJoliet = sector[0] === 2 && ['%/@', '%/C', '%/E'].includes(latin(sector, 88, 91));
  const blockBytes = u16le(sector, 128);
  if (sector[0] !== 1 && !isJoliet) return undefined;
  if (![512, 1024, 2048].includes(blockBytes)) return undefined;
  const label = isJoliet ? utf16(sector.subarray(40, 72)) : latin(sector, 40, 72);
  return {
    isJoliet,
    label: trimmed(label),
    uuid: identity(latin(sector, 813, 829)),
    blockBytes,
    blockCount: u32le(sector, 80),
  };
}

/**
 * Text in big-endian UTF-16, as Joliet has it.
 * @param bytes - an odd last byte is left out
 */
export function utf16(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at + 2 <= bytes.length; at += 2) text += String.fromCharCode(u16be(bytes, at));
  return text;
}

function latin(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** Names are padded with spaces, by some with zeroes. */
function trimmed(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\0')) end -= 1;
  return text.slice(0, end);
}

function identity(digits: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits);
  return parts === null || Number(digits) === 0 ? '' : parts.slice(1).join('-');
}
