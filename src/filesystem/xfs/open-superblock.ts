import type { SecondwindError } from '../../base/errors.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { cannotLookInside } from '../refusals.ts';
import { viewOf } from './big-endian.ts';
import { hasGoodChecksum } from './checksum.ts';
import {
  decodeSuperblock,
  type SuperblockFault,
  superblockBytes,
  superblockChecksumOffset,
  type XfsSuperblock,
} from './superblock.ts';

/** A superblock, and what should be known about how it was found. */
export interface FoundSuperblock {
  readonly superblock: XfsSuperblock;
  /** Why the first one could not be used, when it was a copy that helped. */
  readonly primaryFault?: string | undefined;
}

const sectorSizes = [512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const blockSizes = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536];
const freeSpaceMagic = 0x58414746; // XAGF

/**
 * Whether a volume begins as XFS does: with a superblock, or where that is destroyed with the header of free space behind it.
 * @param head - first bytes of the volume; borrowed
 */
export function looksLikeXfs(head: Uint8Array): boolean {
  if (head.length < 65_536) return false;
  return viewOf(head).getUint32(0) === 0x58465342 || groupLengths(head).length > 0;
}

/** Blocks of the first group, as the header of its free space says, for each size that its sector can have. */
function groupLengths(head: Uint8Array): readonly number[] {
  const view = viewOf(head);
  return sectorSizes
    .filter((at) => view.getUint32(at) === freeSpaceMagic && view.getUint32(at + 8) === 0)
    .map((at) => view.getUint32(at + 12));
}

/**
 * Finds a superblock that can be used: the first one, or else the copy at the start of the second group.
 * @param disk - the volume
 * @throws FILE_SYSTEM_DAMAGED when there is none, CANNOT_LOOK_INSIDE when it uses what is not understood
 */
export async function openSuperblock(disk: ReadableDisk): Promise<FoundSuperblock> {
  const primary = await superblockAt(disk, 0);
  if (!('fault' in primary) && !primary.isInProgress) return { superblock: primary };
  if (!('fault' in primary)) throw damagedPrimary('mkfs never came to its end');
  if (primary.fault === 'unknown') throw cannotLookInside('the volume', primary.reason);
  const superblock = await secondSuperblock(disk);
  if (superblock === undefined) throw damagedPrimary(primary.reason);
  return { superblock, primaryFault: primary.reason };
}

function damagedPrimary(reason: string): SecondwindError {
  return damagedFileSystem({ kind: 'xfs', structure: 'superblock', offsetBytes: 0, reason });
}

/** Each copy tells the shape, but mkfs names the root directory only in the copies of the last group and the one in the middle. */
async function secondSuperblock(disk: ReadableDisk): Promise<XfsSuperblock | undefined> {
  const second = await copyInSecondGroup(disk);
  if (second === undefined) return undefined;
  const { groupCount, groupBlockCount, blockBytes } = second;
  for (const group of [groupCount - 1, Math.floor((groupCount - 1) / 2), 1]) {
    const copy = await superblockAt(disk, group * groupBlockCount * blockBytes);
    if (!('fault' in copy) && isSameShape(copy, second) && hasRoot(copy)) return copy;
  }
  return undefined;
}

/** Where the second group begins follows from the length of the first, for each size that blocks can have. */
async function copyInSecondGroup(disk: ReadableDisk): Promise<XfsSuperblock | undefined> {
  const head = new Uint8Array(65_536);
  await disk.read(head, 0);
  for (const groupBlockCount of groupLengths(head)) {
    for (const blockBytes of blockSizes) {
      const found = await superblockAt(disk, groupBlockCount * blockBytes);
      if (!('fault' in found) && isSameShape(found, { groupBlockCount, blockBytes })) return found;
    }
  }
  return undefined;
}

type Shape = Pick<XfsSuperblock, 'groupBlockCount' | 'blockBytes'>;

function isSameShape(left: Shape, right: Shape): boolean {
  return left.groupBlockCount === right.groupBlockCount && left.blockBytes === right.blockBytes;
}

/** Numbers that no inode has, 0 and all bits set, stand where mkfs did not know it yet. */
function hasRoot({ rootInode }: XfsSuperblock): boolean {
  return rootInode > 0 && Number.isSafeInteger(rootInode);
}

async function superblockAt(
  disk: ReadableDisk,
  offsetBytes: number,
): Promise<XfsSuperblock | SuperblockFault> {
  const sector = new Uint8Array(sectorSizes.at(-1)!);
  if (offsetBytes + sector.length > disk.sizeBytes)
    return { fault: 'damage', reason: 'it does not lie on the volume' };
  await disk.read(sector, offsetBytes);
  const superblock = decodeSuperblock(sector.subarray(0, superblockBytes));
  if ('fault' in superblock) return superblock;
  const isGood =
    superblock.version === 4 ||
    hasGoodChecksum(sector.subarray(0, superblock.sectorBytes), superblockChecksumOffset);
  if (!isGood) return { fault: 'damage', reason: 'its checksum does not fit' };
  return superblock;
}
