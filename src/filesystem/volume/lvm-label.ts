import { lvmCrc } from './lvm-crc.ts';

/** A span that the header of a physical volume names. */
export interface LvmArea {
  readonly offsetBytes: number;
  /** 0: to the end. */
  readonly lengthBytes: number;
}

/** Label and header of an LVM physical volume. */
export interface LvmLabel {
  /** Identity of the physical volume: 32 characters without hyphens. */
  readonly id: string;
  /** Where descriptions of its group are kept; empty when they lie on its fellows only. */
  readonly metadataAreas: readonly LvmArea[];
}

const sectorBytes = 512;

/** Areas a header can hold within its sector. */
const areasMax = 30;

/**
 * Looks for a label in the first four sectors.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 | "LABELONE" |
 * | 8 | 8 | sector it lies in |
 * | 16 | 4 | checksum of everything from 20 to the end of the sector |
 * | 20 | 4 | offset of the header |
 * | 24 | 8 | "LVM2 001" |
 * | header + 0 | 32 | identity |
 * | header + 40 | 16 each | data areas: offset, size; ended by zeroes |
 * | then | 16 each | metadata areas: offset, size; ended by zeroes |
 * @param head - the first 2048 bytes of the volume
 * @source lvm2, lib/label/label.h and lib/format_text/layout.h
 */
export function findLvmLabel(head: Buffer): LvmLabel | undefined {
  for (let sector = 0; (sector + 1) * sectorBytes <= Math.min(head.length, 2048); sector += 1) {
    const label = decode(head.subarray(sector * sectorBytes, (sector + 1) * sectorBytes), sector);
    if (label !== undefined) return label;
  }
  return undefined;
}

function decode(bytes: Buffer, sector: number): LvmLabel | undefined {
  if (bytes.toString('latin1', 0, 8) !== 'LABELONE') return undefined;
  if (bytes.toString('latin1', 24, 32) !== 'LVM2 001') return undefined;
  if (bytes.readBigUInt64LE(8) !== BigInt(sector)) return undefined;
  if (lvmCrc(bytes.subarray(20)) !== bytes.readUInt32LE(16)) return undefined;
  const header = bytes.readUInt32LE(20);
  if (header + 40 > sectorBytes) return undefined;
  const data = areasFrom(bytes, header + 40);
  const metadata = areasFrom(bytes, header + 40 + (data.length + 1) * 16);
  return { id: bytes.toString('latin1', header, header + 32), metadataAreas: metadata };
}

function areasFrom(bytes: Buffer, start: number): readonly LvmArea[] {
  const areas: LvmArea[] = [];
  for (let at = start; at + 16 <= bytes.length && areas.length < areasMax; at += 16) {
    const offsetBytes = Number(bytes.readBigUInt64LE(at));
    if (offsetBytes === 0) break;
    areas.push({ offsetBytes, lengthBytes: Number(bytes.readBigUInt64LE(at + 8)) });
  }
  return areas;
}
