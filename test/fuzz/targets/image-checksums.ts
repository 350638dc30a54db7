import { crc32 } from 'node:zlib';
import { checksumKind } from '../../../src/filesystem/btrfs/checksum.ts';
import { bootChecksum } from '../../../src/filesystem/exfat/boot-sector.ts';
import { setChecksum } from '../../../src/filesystem/exfat/entry-set.ts';
import { lvmCrc } from '../../../src/filesystem/volume/lvm-crc.ts';
import { checksumOf } from '../../../src/filesystem/xfs/checksum.ts';
import type { BreakableImage } from '../breakable-image.ts';

const nodeBytes = 4096;
const btrfsChecksumBytes = 32;
const superblockUuidAt = 65_536 + 32;

/** btrfs with nodes of 4 KiB: superblock and nodes have the checksum at the same place, and behind it the UUID of the file system. */
export function repairBtrfs(image: BreakableImage): void {
  const uuid = image.bytes.subarray(superblockUuidAt, superblockUuidAt + 16);
  for (const at of image.changes()) {
    const start = at - (at % nodeBytes);
    const node = image.bytes.subarray(start, start + nodeBytes);
    if (node.length === nodeBytes && node.subarray(32, 48).equals(uuid))
      image.write(start, checksumKind(0)!.sum(node.subarray(btrfsChecksumBytes)));
  }
}

/** Length of a structure of XFS and where its checksum lies in it, by the magic number at the start. */
const xfsChecksumOffsets: Readonly<Record<string, number>> = {
  '512 XFSB': 224,
  '512 XAGF': 216,
  '512 XAGI': 312,
  '1024 BMA3': 64,
  '1024 AB3B': 52,
  '1024 IAB3': 52,
  '1024 XARM': 12,
  '1024 XSLM': 12,
  '4096 XDB3': 4,
  '4096 XDD3': 4,
};
const directoryMagics = new Set([0x3ebe, 0x3dff, 0x3df1]);
const attributeMagics = new Set([0x3ebe, 0x3bee]);

/** XFS of version 5: a changed byte may lie in an inode, in a block of 1 KiB, or in a directory block of four, wherever that begins. */
export function repairXfs(image: BreakableImage): void {
  for (const at of image.changes()) {
    const block = at - (at % 1024);
    repairXfsAt(image, at - (at % 512), 512);
    repairXfsAt(image, block, 1024);
    for (let start = Math.max(0, block - 3072); start <= block; start += 1024)
      repairXfsAt(image, start, 4096);
  }
}

function repairXfsAt(image: BreakableImage, start: number, lengthBytes: number): void {
  const structure = image.bytes.subarray(start, start + lengthBytes);
  const offset = structure.length < lengthBytes ? undefined : xfsChecksumOffset(structure);
  if (offset !== undefined) image.write(start + offset, number32(checksumOf(structure, offset)));
}

function xfsChecksumOffset(structure: Buffer): number | undefined {
  const { length } = structure;
  if (structure.toString('latin1', 0, 2) === 'IN') return length === 512 ? 100 : undefined;
  const hashMagics = length === 4096 ? directoryMagics : attributeMagics;
  if (length > 512 && hashMagics.has(structure.readUInt16BE(8))) return 12;
  return xfsChecksumOffsets[`${length} ${structure.toString('latin1', 0, 4)}`];
}

/** exFAT: the boot region, and every set of entries that begins up to 19 entries, the longest there is, before a change. */
export function repairExfat(image: BreakableImage): void {
  const sum = number32(bootChecksum(image.bytes.subarray(0, 11 * 512)));
  for (const at of image.changes()) {
    const entry = at - (at % 32);
    for (let start = Math.max(0, entry - 18 * 32); start <= entry; start += 32)
      repairSet(image, start);
  }
  for (let at = 11 * 512; at < 12 * 512; at += 4) image.write(at, sum);
}

function repairSet(image: BreakableImage, start: number): void {
  const count = image.bytes[start + 1]! + 1;
  if (image.bytes[start] !== 0x85 || count < 3 || count > 19) return;
  const entries = Array.from({ length: count }, (_, index) =>
    image.bytes.subarray(start + 32 * index, start + 32 * (index + 1)),
  );
  if (entries.every(({ length }) => length === 32))
    image.write(start + 2, number16(setChecksum(entries)));
}

/** GPT: the array of entries, and both headers. */
export function repairGpt(image: BreakableImage): void {
  for (const [header, array] of [
    [512, 1024],
    [image.sizeBytes - 512, image.sizeBytes - 512 - 128 * 128],
  ] as const) {
    image.write(header + 88, number32(crc32(image.bytes.subarray(array, array + 128 * 128))));
    image.write(header + 16, number32(0));
    image.write(header + 16, number32(crc32(image.bytes.subarray(header, header + 92))));
  }
}

const areaAt = 4096;

/** LVM: the description in force, the head of its area, and the label. */
export function repairLvm(image: BreakableImage): void {
  const { bytes } = image;
  const offset = areaAt + Number(bytes.readBigUInt64LE(areaAt + 40));
  const end = offset + Number(bytes.readBigUInt64LE(areaAt + 48));
  if (end < bytes.length) image.write(areaAt + 56, number32(lvmCrc(bytes.subarray(offset, end))));
  image.write(areaAt, number32(lvmCrc(bytes.subarray(areaAt + 4, areaAt + 512))));
  image.write(512 + 16, number32(lvmCrc(bytes.subarray(512 + 20, 1024))));
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
