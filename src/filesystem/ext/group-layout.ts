import { compatible, readOnlyCompatible } from './features.ts';
import type { ExtSuperblock } from './superblock.ts';

/** Where groups, and the copies of superblock and descriptors in them, lie: arithmetic on the superblock only. */

/**
 * First block of a group.
 * @param superblock - of the file system
 * @param group - number of the group
 */
export function groupStart(superblock: ExtSuperblock, group: number): number {
  return superblock.firstBlock + group * superblock.blocksPerGroup;
}

/**
 * Blocks of a group; the last may have fewer than the others.
 * @param superblock - of the file system
 * @param group - number of the group
 */
export function groupBlockCount(superblock: ExtSuperblock, group: number): number {
  const rest = superblock.blockCount - groupStart(superblock, group);
  return Math.min(superblock.blocksPerGroup, rest);
}

/**
 * Whether a group begins with a superblock.
 * @source kernel: fs/ext4/balloc.c, ext4_bg_has_super
 * @param superblock - of the file system
 * @param group - number of the group
 */
export function hasSuperblock(superblock: ExtSuperblock, group: number): boolean {
  if (group === 0) return true;
  if ((superblock.compatible & compatible.hasSparseSuper2) !== 0) {
    return superblock.backupGroups.includes(group);
  }
  const isSparse = (superblock.readOnlyCompatible & readOnlyCompatible.hasSparseSuper) !== 0;
  if (group === 1 || !isSparse) return true;
  return [3, 5, 7].some((base) => isPowerOf(base, group));
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}

/**
 * Descriptors in one block.
 * @param superblock - of the file system
 */
export function descriptorsPerBlock(superblock: ExtSuperblock): number {
  return Math.floor(superblock.blockBytes / superblock.descriptorBytes);
}

/**
 * Where blocks of descriptors lie: the one that counts first, then its copies.
 * @source kernel: fs/ext4/super.c, descriptor_loc
 * @param superblock - of the file system
 * @param group - group whose descriptor is looked for
 * @param copiesMax - copies named, at most
 * @returns block numbers
 */
export function descriptorBlocks(
  superblock: ExtSuperblock,
  group: number,
  copiesMax: number,
): number[] {
  const number = Math.floor(group / descriptorsPerBlock(superblock));
  if (number >= superblock.firstMetaGroup) return metaGroupBlocks(superblock, number);
  // With blocks of 1 KiB the superblock is block 1 even where group 0 begins at block 0.
  const first = superblock.blockBytes === 1024 ? 1 : 0;
  const found = [first + 1 + number];
  for (const copy of copyGroups(superblock)) {
    if (found.length > copiesMax) break;
    found.push(groupStart(superblock, copy) + 1 + number);
  }
  return found;
}

/** Groups behind the first that begin with a superblock, in ascending order. */
export function* copyGroups(superblock: ExtSuperblock): Generator<number> {
  for (let group = 1; group < superblock.groupCount; group += 1) {
    if (hasSuperblock(superblock, group)) yield group;
  }
}

/** In a meta group the descriptors lie in its first, second and last group. */
function metaGroupBlocks(superblock: ExtSuperblock, number: number): number[] {
  const size = descriptorsPerBlock(superblock);
  return [0, 1, size - 1]
    .map((step) => number * size + step)
    .filter((group) => group < superblock.groupCount)
    .map((group) => metaGroupBlock(superblock, group));
}

function metaGroupBlock(superblock: ExtSuperblock, group: number): number {
  const isShifted = superblock.blockBytes === 1024 && superblock.firstBlock === 0 && group === 0;
  const skip = Number(hasSuperblock(superblock, group)) + Number(isShifted);
  return groupStart(superblock, group) + skip;
}
