import type { ReadableDisk } from '../../disk/disk.ts';
import { readAt } from './read-at.ts';

/** What a member of a Linux software RAID says of itself. */
export interface MdMember {
  /** RAID level: 1 is a mirror, -1 is linear. */
  readonly level: number;
  /** Where its data begins, bytes of the member. */
  readonly dataOffsetBytes: number;
  /** Length of its data, bytes; 0 when it does not say. */
  readonly dataLengthBytes: number;
  /** Updates it has seen: of two halves of a mirror, the one with more is newer. */
  readonly eventCount: number;
}

const magic = 0xa92b4efc;
const sector = 512;

/** A superblock without its table of roles, bytes. */
const headBytes = 256;

/** Roles a superblock of version 1 has room for within its 4 KiB. */
const rolesMax = (4096 - headBytes) / 2;

/**
 * Finds the superblock of Linux software RAID: version 1.1 at the beginning, 1.2 at 4 KiB, 1.0 at the end.
 * @param volume - partition or disk
 * @returns undefined when there is none whose checksum and place fit
 * @source include/uapi/linux/raid/md_p.h
 */
export async function findMdMember(volume: ReadableDisk): Promise<MdMember | undefined> {
  const sectors = Math.floor(volume.sizeBytes / sector);
  const atEnd = Math.floor((sectors - 16) / 8) * 8;
  for (const place of [0, 8, atEnd]) {
    const bytes = await readAt(volume, place * sector, 4096);
    const member = bytes && decodeVersion1(bytes, place);
    if (member !== undefined) return member;
  }
  return undefined;
}

/**
 * Finds the superblock of version 0.90, in the last 64 KiB. It does not say where it lies, so that a disk and its last partition may seem
 * to have the same one: a disk with partitions is not to be asked.
 * @param volume - partition, or disk without partitions
 * @returns undefined when there is none
 * @source include/uapi/linux/raid/md_p.h
 */
export async function findOldMdMember(volume: ReadableDisk): Promise<MdMember | undefined> {
  const sectors = Math.floor(volume.sizeBytes / sector);
  const oldPlace = (Math.floor(sectors / 128) - 1) * 128;
  const bytes = await readAt(volume, oldPlace * sector, 4096);
  return bytes && decodeVersion0(bytes);
}

/**
 * | offset | size | field (version 1) |
 * |---|---|---|
 * | 0 | 4 | magic |
 * | 4 | 4 | 1 |
 * | 72 | 4 | level |
 * | 128 | 8 | first sector of the data |
 * | 136 | 8 | sectors of data |
 * | 144 | 8 | sector of this superblock |
 * | 200 | 8 | events |
 * | 216 | 4 | checksum: sum of all 32-bit words, taken with this field zero |
 * | 220 | 4 | number of roles (2 bytes each, from 256) |
 */
function decodeVersion1(bytes: Buffer, place: number): MdMember | undefined {
  if (bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== 1) return undefined;
  if (Number(bytes.readBigUInt64LE(144)) !== place || !hasRightSum(bytes)) return undefined;
  return {
    level: bytes.readInt32LE(72),
    dataOffsetBytes: Number(bytes.readBigUInt64LE(128)) * sector,
    dataLengthBytes: Number(bytes.readBigUInt64LE(136)) * sector,
    eventCount: Number(bytes.readBigUInt64LE(200)),
  };
}

function hasRightSum(bytes: Buffer): boolean {
  const roles = bytes.readUInt32LE(220);
  if (roles > rolesMax) return false;
  const length = headBytes + roles * 2;
  let sum = 0;
  for (let at = 0; at + 4 <= length; at += 4) if (at !== 216) sum += bytes.readUInt32LE(at);
  if (length % 4 === 2) sum += bytes.readUInt16LE(length - 2);
  const folded = (sum % 2 ** 32) + Math.floor(sum / 2 ** 32);
  return folded % 2 ** 32 === bytes.readUInt32LE(216);
}

/** Version 0.90 is written in the byte order of its machine; words 7 and 8 are level and size in KiB; data begins at 0. */
function decodeVersion0(bytes: Buffer): MdMember | undefined {
  const isLittle = bytes.readUInt32LE(0) === magic && bytes.readUInt32LE(4) === 0;
  const isBig = bytes.readUInt32BE(0) === magic && bytes.readUInt32BE(4) === 0;
  if (!isLittle && !isBig) return undefined;
  const word = (index: number): number =>
    isLittle ? bytes.readUInt32LE(index * 4) : bytes.readUInt32BE(index * 4);
  return {
    level: word(7) | 0,
    dataOffsetBytes: 0,
    dataLengthBytes: word(8) * 1024,
    eventCount: isLittle ? word(39) + word(40) * 2 ** 32 : word(40) + word(39) * 2 ** 32,
  };
}
