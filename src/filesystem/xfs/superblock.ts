import { uuidText } from '../uuid-text.ts';
import { unsigned64 } from './big-endian.ts';

/** Bytes of a superblock that are decoded; the sector that holds it may be longer. */
export const superblockBytes = 264;

/** Where the checksum of a version 5 superblock lies. */
export const superblockChecksumOffset = 224;

const magic = 0x58465342; // XFSB

/** Bits of `versionnum` above its version. */
const versionBits = { directory2: 0x2000, asciiCaseFolding: 0x4000, moreBits: 0x8000 };
/** Bits of `features2`, version 4 only. */
const features2Bits = { fileTypes: 0x200 };
const incompatibleBits = { fileTypes: 1, sparseInodes: 2, metaUuid: 4, needsRepair: 0x10 };
const readOnlyBits = { freeInodeTree: 1, reverseMap: 2, reflink: 4 };

/** Incompatible features that are understood: file types, sparse inodes, metadata UUID, big time, needs repair, 64-bit extent counts, exchange of ranges, parent pointers. */
const understoodIncompatible = 0xff;
const incompatibleNames = ['metadata directories', 'zoned realtime', 'gaps between zones'];

/** What a superblock says, as far as a reader needs it. */
export interface XfsSuperblock {
  /** 4, or 5 with checksums in all metadata. */
  readonly version: 4 | 5;
  readonly blockBytes: number;
  readonly sectorBytes: number;
  readonly inodeBytes: number;
  /** Blocks of the data device. */
  readonly blockCount: number;
  /** Blocks of each allocation group but the last, which may be shorter. */
  readonly groupBlockCount: number;
  readonly groupCount: number;
  /** Bits of a block number that count inside an allocation group. */
  readonly groupBlockBits: number;
  /** Bits of an inode number that count inside a block. */
  readonly inodeInBlockBits: number;
  /** Bytes of one block of a directory: one or more blocks of the file system. */
  readonly directoryBlockBytes: number;
  /** Number of the root directory's inode. */
  readonly rootInode: number;
  /** Inodes that hold quotas and the realtime bitmaps: no directory names them. */
  readonly systemInodes: readonly number[];
  /** First block of the log; 0 when it is on another device. */
  readonly logBlock: number;
  readonly logBlockCount: number;
  /** Name, empty when none. */
  readonly label: string;
  /** UUID that people see, as text. */
  readonly uuid: string;
  /** Blocks that are free, as of the last clean unmount. */
  readonly freeBlockCount: number;
  readonly hasRealtime: boolean;
  readonly hasFileTypes: boolean;
  readonly hasSparseInodes: boolean;
  readonly hasFreeInodeTree: boolean;
  readonly hasReverseMap: boolean;
  readonly hasReflink: boolean;
  /** Whether names are found whatever the case of their ASCII and Latin-1 letters. */
  readonly isCaseFolding: boolean;
  /** Whether a tool gave up on it and marked it. */
  readonly needsRepair: boolean;
  /** Whether mkfs never came to its end. */
  readonly isInProgress: boolean;
}

/** Why a superblock cannot be used. */
export interface SuperblockFault {
  /** Whether it contradicts itself ("damage"), or says things not understood ("unknown"). */
  readonly fault: 'damage' | 'unknown';
  /** As a sentence without its end. */
  readonly reason: string;
}

/**
 * Decodes a superblock. All numbers are big-endian.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | magic "XFSB" |
 * | 4 | 4 | bytes of a block |
 * | 8 | 8 | blocks |
 * | 24 | 8 | realtime extents |
 * | 32 | 16 | UUID |
 * | 48 | 8 | first block of the log |
 * | 56 | 8 × 3 | inodes: root, realtime bitmap, realtime summary |
 * | 84 | 4 × 2 | blocks of a group, groups |
 * | 96 | 4 | blocks of the log |
 * | 100 | 2 × 4 | version and bits, bytes of a sector, bytes of an inode, inodes in a block |
 * | 108 | 12 | label |
 * | 120 | 1 × 5 | logarithms: block, sector, inode, inodes in a block, blocks of a group |
 * | 126 | 1 | mkfs is in progress |
 * | 144 | 8 | free blocks |
 * | 160 | 8 × 2 | inodes of user and group quotas |
 * | 192 | 1 | logarithm of blocks in a directory block |
 * | 200 | 4 | features of version 4 |
 * | 208 | 4 × 4 | features of version 5: compatible, read-only, incompatible, log |
 * | 224 | 4 | CRC-32C, little-endian |
 * | 232 | 8 | inode of project quotas |
 * @param bytes - at least `superblockBytes`; borrowed
 * @source XFS Algorithms & Data Structures, "Superblocks"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_dsb
 */
export function decodeSuperblock(bytes: Uint8Array): XfsSuperblock | SuperblockFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== magic) return damage('it does not begin with "XFSB"');
  const version = view.getUint16(100) & 0xf;
  if (version !== 4 && version !== 5) return unknown(`its version is ${version}`);
  if ((view.getUint16(100) & versionBits.directory2) === 0)
    return unknown('its directories are of the first version');
  const incompatible = version === 5 ? view.getUint32(216) : 0;
  if ((incompatible & ~understoodIncompatible) !== 0)
    return unknown(`it uses features that are not known here: ${namesOf(incompatible)}`);
  const superblock = fieldsOf(view, bytes, version);
  const reason = contradiction(superblock, view);
  return reason === undefined ? superblock : damage(reason);
}

function damage(reason: string): SuperblockFault {
  return { fault: 'damage', reason };
}

function unknown(reason: string): SuperblockFault {
  return { fault: 'unknown', reason };
}

function namesOf(incompatible: number): string {
  const bits = Array.from({ length: 32 }, (_, bit) => bit).filter(
    (bit) => ((incompatible & ~understoodIncompatible) >>> bit) & 1,
  );
  return bits.map((bit) => incompatibleNames[bit - 8] ?? `bit ${bit}`).join(', ');
}

function fieldsOf(view: DataView, bytes: Uint8Array, version: 4 | 5): XfsSuperblock {
  const blockBytes = view.getUint32(4);
  return {
    version,
    blockBytes,
    sectorBytes: view.getUint16(102),
    inodeBytes: view.getUint16(104),
    blockCount: unsigned64(view, 8),
    groupBlockCount: view.getUint32(84),
    groupCount: view.getUint32(88),
    groupBlockBits: view.getUint8(124),
    inodeInBlockBits: view.getUint8(123),
    directoryBlockBytes: blockBytes * 2 ** view.getUint8(192),
    rootInode: unsigned64(view, 56),
    systemInodes: systemInodesOf(view, version),
    logBlock: unsigned64(view, 48),
    logBlockCount: view.getUint32(96),
    label: textOf(bytes.subarray(108, 120)),
    uuid: uuidText(bytes.subarray(32, 48)),
    freeBlockCount: unsigned64(view, 144),
    hasRealtime: unsigned64(view, 16) !== 0,
    isInProgress: view.getUint8(126) !== 0,
    ...featuresOf(view, version),
  };
}

function featuresOf(view: DataView, version: 4 | 5) {
  const bits = view.getUint16(100);
  const features2 = bits & versionBits.moreBits ? view.getUint32(200) : 0;
  const [readOnly, incompatible] =
    version === 5 ? [view.getUint32(212), view.getUint32(216)] : [0, 0];
  return {
    hasFileTypes:
      (incompatible & incompatibleBits.fileTypes) !== 0 ||
      (version === 4 && (features2 & features2Bits.fileTypes) !== 0),
    hasSparseInodes: (incompatible & incompatibleBits.sparseInodes) !== 0,
    needsRepair: (incompatible & incompatibleBits.needsRepair) !== 0,
    hasFreeInodeTree: (readOnly & readOnlyBits.freeInodeTree) !== 0,
    hasReverseMap: (readOnly & readOnlyBits.reverseMap) !== 0,
    hasReflink: (readOnly & readOnlyBits.reflink) !== 0,
    isCaseFolding: (bits & versionBits.asciiCaseFolding) !== 0,
  };
}

function systemInodesOf(view: DataView, version: 4 | 5): readonly number[] {
  const offsets = version === 5 ? [64, 72, 160, 168, 232] : [64, 72, 160, 168];
  return offsets.map((offset) => unsigned64(view, offset)).filter((inode) => inode > 0);
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** What about the shape cannot be; undefined when it can. Everything that later arithmetic relies on is looked at here. */
function contradiction(superblock: XfsSuperblock, view: DataView): string | undefined {
  const { blockBytes, sectorBytes, inodeBytes, directoryBlockBytes } = superblock;
  if (!isPowerBetween(blockBytes, 512, 65_536)) return `its blocks have ${blockBytes} bytes`;
  if (!isPowerBetween(sectorBytes, 512, 32_768) || sectorBytes > blockBytes)
    return `its sectors have ${sectorBytes} bytes`;
  if (!isPowerBetween(inodeBytes, 256, 2048) || inodeBytes > blockBytes)
    return `its inodes have ${inodeBytes} bytes`;
  if (2 ** superblock.inodeInBlockBits * inodeBytes !== blockBytes || view.getUint8(120) > 16)
    return 'its inodes do not fill its blocks';
  if (directoryBlockBytes > 65_536) return `its directory blocks have ${directoryBlockBytes} bytes`;
  return groupContradiction(superblock);
}

function groupContradiction(superblock: XfsSuperblock): string | undefined {
  const { groupCount, groupBlockCount, groupBlockBits, blockCount, blockBytes } = superblock;
  const isShape =
    groupCount >= 1 &&
    groupBlockCount >= 4 &&
    groupBlockBits <= 31 &&
    groupBlockCount <= 2 ** groupBlockBits &&
    Number.isSafeInteger(blockCount * blockBytes) &&
    blockCount > (groupCount - 1) * groupBlockCount &&
    blockCount <= groupCount * groupBlockCount;
  if (!isShape)
    return `${groupCount} groups of ${groupBlockCount} blocks do not make ${blockCount} blocks`;
  if (superblock.logBlock !== 0 && superblock.logBlockCount === 0) return 'its log is empty';
  return undefined;
}

function isPowerBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max && (value & (value - 1)) === 0;
}
