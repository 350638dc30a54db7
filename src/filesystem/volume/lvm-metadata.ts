import type { ReadableDisk } from '../../disk/disk.ts';
import { structureBytesMax } from '../limits.ts';
import { lvmCrc } from './lvm-crc.ts';
import type { LvmArea } from './lvm-label.ts';
import { readAt } from './read-at.ts';

/** Bytes of the header of a metadata area; the ring of texts begins behind it. */
const headerBytes = 512;
const magic = ' LVM2 x[5A%r0N*>';

/** Where the newest text lies in its ring. */
interface TextPlace {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly checksum: number;
}

/**
 * Reads the description of a group from one metadata area.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | checksum of the rest of the 512 bytes |
 * | 4 | 16 | magic |
 * | 20 | 4 | version, 1 |
 * | 24 | 8 | where this area begins |
 * | 32 | 8 | its size |
 * | 40 | 24 | the text in force: offset (8), length (8), checksum (4), flags (4, bit 0: not to be used) |
 * @param volume - physical volume
 * @param area - from its label
 * @returns the text; undefined when there is none whose checksums fit
 * @source lvm2, lib/format_text/layout.h
 */
export async function readLvmMetadata(
  volume: ReadableDisk,
  area: LvmArea,
): Promise<string | undefined> {
  const header = await readAt(volume, area.offsetBytes, headerBytes);
  if (header === undefined || lvmCrc(header.subarray(4)) !== header.readUInt32LE(0)) {
    return undefined;
  }
  if (header.toString('latin1', 4, 20) !== magic || header.readUInt32LE(20) !== 1) return undefined;
  const areaBytes = Number(header.readBigUInt64LE(32));
  const place = decodePlace(header);
  if (place === undefined || place.offsetBytes >= areaBytes) return undefined;
  const text = await readRing(volume, { ...area, lengthBytes: areaBytes }, place);
  return text !== undefined && lvmCrc(text) === place.checksum ? text.toString('utf8') : undefined;
}

function decodePlace(header: Buffer): TextPlace | undefined {
  const offsetBytes = Number(header.readBigUInt64LE(40));
  const lengthBytes = Number(header.readBigUInt64LE(48));
  const isIgnored = (header.readUInt32LE(60) & 1) !== 0;
  const isTrue = offsetBytes >= headerBytes && lengthBytes > 0 && lengthBytes <= structureBytesMax;
  return isTrue && !isIgnored
    ? { offsetBytes, lengthBytes, checksum: header.readUInt32LE(56) }
    : undefined;
}

/** A text that reaches the end of the area goes on behind the header. */
async function readRing(
  volume: ReadableDisk,
  area: LvmArea,
  { offsetBytes, lengthBytes }: TextPlace,
): Promise<Buffer | undefined> {
  const first = Math.min(lengthBytes, area.lengthBytes - offsetBytes);
  const head = await readAt(volume, area.offsetBytes + offsetBytes, first);
  if (head === undefined || first === lengthBytes) return head;
  const tail = await readAt(volume, area.offsetBytes + headerBytes, lengthBytes - first);
  return tail === undefined ? undefined : Buffer.concat([head, tail]);
}
