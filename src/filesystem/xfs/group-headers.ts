import { viewOf } from './big-endian.ts';
import type { XfsVolume } from './volume.ts';

/** The root of a B+tree of a group. */
export interface GroupTreeRoot {
  /** Block in the group. */
  readonly block: number;
  /** Levels, the leaves included. */
  readonly levelCount: number;
}

/** What a group knows of its free space. */
export interface FreeSpaceHeader {
  /** Tree of free extents by place. */
  readonly byPlace: GroupTreeRoot;
  /** Blocks that are free, without those kept in reserve for the trees themselves. */
  readonly freeBlockCount: number;
}

/** What a group knows of its inodes. */
export interface InodeHeader {
  readonly inodes: GroupTreeRoot;
  /** Tree of the chunks with free inodes; undefined where that is not kept. */
  readonly freeInodes: GroupTreeRoot | undefined;
  /** Inodes, free ones included. */
  readonly inodeCount: number;
  /** Inodes that are free. */
  readonly freeInodeCount: number;
}

/** Levels that a tree of a group may have: XFS_BTREE_MAXLEVELS. */
const levelsMax = 9;
const freeSpaceMagic = 0x58414746; // XAGF
const inodeMagic = 0x58414749; // XAGI

/**
 * Reads the header of a group's free space, in its second sector.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 × 4 | magic "XAGF", version, group, blocks of the group |
 * | 16 | 4 × 2 | roots of the trees by place and by size |
 * | 28 | 4 × 2 | their levels |
 * | 52 | 4 | free blocks |
 * | 216 | 4 | CRC-32C |
 * @param volume - the volume
 * @param group - number of the group
 * @throws FILE_SYSTEM_DAMAGED
 * @source XFS Algorithms & Data Structures, "AG Free Space Block"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_agf
 */
export async function readFreeSpaceHeader(
  volume: XfsVolume,
  group: number,
): Promise<FreeSpaceHeader> {
  const place = headerPlace(volume, { group, sector: 1, checksumOffset: 216 });
  const view = viewOf(await volume.checked(place));
  assertHeader(volume, place, { view, magic: freeSpaceMagic, group });
  return {
    byPlace: rootOf(volume, place, { view, group, offset: 16, levelsOffset: 28 }),
    freeBlockCount: view.getUint32(52),
  };
}

/**
 * Reads the header of a group's inodes, in its third sector.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 × 4 | magic "XAGI", version, group, blocks of the group |
 * | 16 | 4 × 4 | inodes, root and levels of their tree, free inodes |
 * | 40 | 4 × 64 | lists of deleted inodes that are still open |
 * | 312 | 4 | CRC-32C |
 * | 328 | 4 × 2 | root and levels of the tree of free inodes |
 * @param volume - the volume
 * @param group - number of the group
 * @throws FILE_SYSTEM_DAMAGED
 * @source XFS Algorithms & Data Structures, "AG Inode Management"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_agi
 */
export async function readInodeHeader(volume: XfsVolume, group: number): Promise<InodeHeader> {
  const place = headerPlace(volume, { group, sector: 2, checksumOffset: 312 });
  const view = viewOf(await volume.checked(place));
  assertHeader(volume, place, { view, magic: inodeMagic, group });
  return {
    inodes: rootOf(volume, place, { view, group, offset: 20, levelsOffset: 24 }),
    freeInodes: volume.superblock.hasFreeInodeTree
      ? rootOf(volume, place, { view, group, offset: 328, levelsOffset: 332 })
      : undefined,
    inodeCount: view.getUint32(16),
    freeInodeCount: view.getUint32(28),
  };
}

interface HeaderPlace {
  readonly structure: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly checksumOffset: number;
}

function headerPlace(
  volume: XfsVolume,
  header: { readonly group: number; readonly sector: number; readonly checksumOffset: number },
): HeaderPlace {
  const { sectorBytes } = volume.superblock;
  return {
    structure: `group ${header.group}, header of its ${header.sector === 1 ? 'free space' : 'inodes'}`,
    offsetBytes: volume.groupBlockOffset(header.group, 0) + header.sector * sectorBytes,
    lengthBytes: sectorBytes,
    checksumOffset: header.checksumOffset,
  };
}

function assertHeader(
  volume: XfsVolume,
  place: HeaderPlace,
  expected: { readonly view: DataView; readonly magic: number; readonly group: number },
): void {
  const { view, magic, group } = expected;
  if (view.getUint32(0) !== magic) throw volume.damage(place, 'it does not begin with its magic');
  if (view.getUint32(8) !== group)
    throw volume.damage(place, `it says that it is of group ${view.getUint32(8)}`);
}

function rootOf(
  volume: XfsVolume,
  place: HeaderPlace,
  field: {
    readonly view: DataView;
    readonly group: number;
    readonly offset: number;
    readonly levelsOffset: number;
  },
): GroupTreeRoot {
  const block = field.view.getUint32(field.offset);
  const levelCount = field.view.getUint32(field.levelsOffset);
  if (block >= volume.groupBlocks(field.group) || levelCount < 1 || levelCount > levelsMax)
    throw volume.damage(place, `a root with ${levelCount} levels would lie in block ${block}`);
  return { block, levelCount };
}
