import { findingOf } from '../damage.ts';
import type { ByteRange } from '../file-system.ts';
import { viewOf } from './big-endian.ts';
import { readFreeSpaceHeader } from './group-headers.ts';
import { type GroupTree, groupTreeBlocks } from './group-tree.ts';
import type { XfsVolume } from './volume.ts';

const recordBytes = 8;

/** A run of blocks in a group. */
export interface GroupRun {
  /** Its first block, in the group. */
  readonly block: number;
  readonly blockCount: number;
}

/**
 * The free extents of a group, in order.
 * @param volume - the volume
 * @param tree - from `freeSpaceTree`
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* freeRuns(
  volume: XfsVolume,
  tree: GroupTree,
): AsyncGenerator<readonly GroupRun[]> {
  let end = 0;
  for await (const block of groupTreeBlocks(volume, tree)) {
    if (block.level > 0) continue;
    const view = viewOf(block.bytes);
    const runs: GroupRun[] = [];
    for (let index = 0; index < block.count; index += 1) {
      const offset = block.headerBytes + index * recordBytes;
      const run = { block: view.getUint32(offset), blockCount: view.getUint32(offset + 4) };
      const isRun = run.block >= end && run.blockCount > 0;
      end = run.block + run.blockCount;
      if (!isRun || end > volume.groupBlocks(tree.group))
        throw volume.damage(block, 'its records are out of order');
      runs.push(run);
    }
    yield runs;
  }
}

/**
 * The tree of free space of a group, by place.
 * @param volume - the volume
 * @param group - the group
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function freeSpaceTree(volume: XfsVolume, group: number): Promise<GroupTree> {
  const { byPlace } = await readFreeSpaceHeader(volume, group);
  const name = 'tree of free space';
  return { kind: 'freeSpace', group, root: byPlace, name, keyBytes: 8, recordBytes };
}

/**
 * The whole volume as one range, for when it is not known what of it is free.
 * @param volume - the volume
 */
export async function* wholeVolume(volume: XfsVolume): AsyncGenerator<readonly ByteRange[]> {
  const { blockCount, blockBytes } = volume.superblock;
  const lengthBytes = Math.min(blockCount * blockBytes, volume.disk.sizeBytes);
  yield [{ offsetBytes: 0, lengthBytes }];
}

/**
 * What of the volume is in use: all that is not in the trees of free space. A group whose tree cannot be read counts as used.
 * @param volume - the volume
 */
export async function* usedRanges(volume: XfsVolume): AsyncGenerator<readonly ByteRange[]> {
  let carried: ByteRange | undefined;
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    const ranges = await usedInGroup(volume, group);
    const first = ranges[0];
    if (first !== undefined && carried !== undefined) {
      if (carried.offsetBytes + carried.lengthBytes === first.offsetBytes)
        ranges[0] = {
          offsetBytes: carried.offsetBytes,
          lengthBytes: carried.lengthBytes + first.lengthBytes,
        };
      else ranges.unshift(carried);
    }
    carried = ranges.pop() ?? carried;
    if (ranges.length > 0) yield ranges;
  }
  if (carried !== undefined) yield [carried];
}

async function usedInGroup(volume: XfsVolume, group: number): Promise<ByteRange[]> {
  const used: ByteRange[] = [];
  const add = (from: number, to: number): void => {
    const offsetBytes = volume.groupBlockOffset(group, from);
    if (to > from)
      used.push({ offsetBytes, lengthBytes: volume.groupBlockOffset(group, to) - offsetBytes });
  };
  const blockCount = volume.groupBlocks(group);
  try {
    let at = 0;
    for await (const runs of freeRuns(volume, await freeSpaceTree(volume, group))) {
      for (const run of runs) {
        add(at, run.block);
        at = run.block + run.blockCount;
      }
    }
    add(at, blockCount);
    return used;
  } catch (error) {
    findingOf(error, `group ${group}, free space`);
    used.length = 0;
    add(0, blockCount);
    return used;
  }
}
