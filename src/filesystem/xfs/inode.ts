import type { Micros } from '../../base/clock.ts';
import { unsigned64, viewOf } from './big-endian.ts';

const magic = 0x494e; // IN

/** Where the checksum of a version 3 inode lies. */
export const inodeChecksumOffset = 100;

/** How a fork is kept: in the inode, as a list of extents in it, or as a tree whose root is in it. */
export type ForkFormat = 'device' | 'local' | 'extents' | 'tree' | 'unknown';

const formats: readonly ForkFormat[] = ['device', 'local', 'extents', 'tree'];

/** One fork of an inode: its content, or its attributes. */
export interface InodeFork {
  /** The inode. */
  readonly inode: number;
  readonly format: ForkFormat;
  /** What the inode holds of it; borrowed. */
  readonly literal: Uint8Array;
  /** Extents, as the inode counts them. */
  readonly extentCount: number;
  /** Where the literal bytes lie on the volume, for errors, bytes. */
  readonly offsetBytes: number;
}

/** What an inode says. */
export interface XfsInode {
  /** Its own. */
  readonly number: number;
  /** Type and permissions as in struct stat; 0 for an inode that is free. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  readonly linkCount: number;
  readonly sizeBytes: number;
  /** Blocks of all kinds that it takes. */
  readonly blockCount: number;
  /** Counts the files that had this number. */
  readonly generation: number;
  /** Bits of `di_flags`. */
  readonly flags: number;
  /** Whether blocks may be shared with other files. */
  readonly isReflinked: boolean;
  readonly accessedMicros: Micros;
  readonly modifiedMicros: Micros;
  readonly changedMicros: Micros;
  /** When it was made; undefined before version 3. */
  readonly createdMicros: Micros | undefined;
  readonly data: InodeFork;
  /** Undefined when there is none. */
  readonly attributes: InodeFork | undefined;
  /** Number that the inode says it has; undefined before version 3. */
  readonly ownNumber: number | undefined;
}

const flags2Bits = { reflink: 2, bigTime: 8, bigExtentCounts: 0x10 };
/** Seconds of 1901-12-13, where big time begins. */
const bigTimeEpochSeconds = -(2 ** 31);

/**
 * Decodes an inode.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | magic "IN" |
 * | 2 | 2 | mode |
 * | 4 | 1 × 2 | version 1 … 3, format of the data fork |
 * | 6 | 2 | links, version 1 |
 * | 8 | 4 × 3 | owner, group, links |
 * | 24 | 8 | extents of the data fork, with 64-bit extent counts |
 * | 32 | 8 × 3 | times: read, content, status |
 * | 56 | 8 × 2 | bytes, blocks |
 * | 76 | 4 | extents of the data fork; of the attribute fork with 64-bit counts |
 * | 80 | 2 | extents of the attribute fork |
 * | 82 | 1 × 2 | start of the attribute fork in units of 8 bytes, its format |
 * | 90 | 2 | flags |
 * | 92 | 4 | generation |
 * | 100 | | version 1 and 2: the data fork |
 * | 100 | 4 | CRC-32C, little-endian |
 * | 120 | 8 | more flags |
 * | 144 | 8 × 2 | time it was made, own number |
 * | 176 | | the data fork |
 * @param bytes - the inode; borrowed, and lent on in its forks
 * @param place - its number, and where it lies on the volume, bytes
 * @returns a reason when this is no inode
 * @source XFS Algorithms & Data Structures, "On-disk Inode"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_dinode
 */
export function decodeInode(
  bytes: Uint8Array,
  place: { readonly number: number; readonly offsetBytes: number },
): XfsInode | string {
  const view = viewOf(bytes);
  if (view.getUint16(0) !== magic) return 'it does not begin with "IN"';
  const version = bytes[4]!;
  if (version < 1 || version > 3) return `its version is ${version}`;
  const core = version === 3 ? 176 : 100;
  const forkStart = core + bytes[82]! * 8;
  if (forkStart > bytes.length) return 'its attribute fork begins behind its end';
  const flags2 = version === 3 ? view.getUint32(124) : 0;
  return {
    number: place.number,
    mode: view.getUint16(2),
    uid: view.getUint32(8),
    gid: view.getUint32(12),
    linkCount: version === 1 ? view.getUint16(6) : view.getUint32(16),
    sizeBytes: unsigned64(view, 56),
    blockCount: unsigned64(view, 64),
    generation: view.getUint32(92),
    flags: view.getUint16(90),
    isReflinked: (flags2 & flags2Bits.reflink) !== 0,
    ...timesOf(view, flags2, version),
    ...forksOf(bytes, { ...place, core, forkStart, flags2 }),
    ownNumber: version === 3 ? unsigned64(view, 152) : undefined,
  };
}

function timesOf(view: DataView, flags2: number, version: number) {
  const read = (flags2 & flags2Bits.bigTime) === 0 ? smallTime : bigTime;
  return {
    accessedMicros: read(view, 32),
    modifiedMicros: read(view, 40),
    changedMicros: read(view, 48),
    createdMicros: version === 3 ? read(view, 144) : undefined,
  };
}

function smallTime(view: DataView, offset: number): Micros {
  return view.getInt32(offset) * 1_000_000 + Math.floor(view.getUint32(offset + 4) / 1000);
}

/** Nanoseconds in 64 bits are more than a number holds: they are divided as two halves, 2³² = 4,294,967 · 1000 + 296. */
function bigTime(view: DataView, offset: number): Micros {
  const high = view.getUint32(offset);
  const rest = high * 296 + view.getUint32(offset + 4);
  return high * 4_294_967 + Math.floor(rest / 1000) + bigTimeEpochSeconds * 1_000_000;
}

interface ForkPlace {
  readonly number: number;
  readonly offsetBytes: number;
  readonly core: number;
  readonly forkStart: number;
  readonly flags2: number;
}

function forksOf(bytes: Uint8Array, place: ForkPlace) {
  const view = viewOf(bytes);
  const { core, forkStart, number: inode, offsetBytes } = place;
  const hasBigCounts = (place.flags2 & flags2Bits.bigExtentCounts) !== 0;
  const hasAttributes = forkStart > core;
  const fork = (start: number, end: number, format: number, extentCount: number): InodeFork => ({
    inode,
    format: formats[format] ?? 'unknown',
    literal: bytes.subarray(start, end),
    extentCount,
    offsetBytes: offsetBytes + start,
  });
  const dataCount = hasBigCounts ? unsigned64(view, 24) : view.getUint32(76);
  const attributeCount = hasBigCounts ? view.getUint32(76) : view.getUint16(80);
  return {
    data: fork(core, hasAttributes ? forkStart : bytes.length, bytes[5]!, dataCount),
    attributes: hasAttributes
      ? fork(forkStart, bytes.length, bytes[83]!, attributeCount)
      : undefined,
  };
}
