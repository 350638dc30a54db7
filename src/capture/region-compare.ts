import { isSecondwindError } from '../base/errors.ts';
import { blockBytes, regionBlocks, regionBytes } from '../base/limits.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { isAllZero } from '../disk/zeroes.ts';
import type { DiskName, RegionComparer, View, ViewOpener } from '../repository/index.ts';

/** The moment to ask a view opener for when the newest one is wanted, whatever the clocks say. */
export const newestMicros: number = Number.MAX_SAFE_INTEGER;

/**
 * Opens the newest state of a disk, whole or not.
 * @param views - the repository
 * @param name - machine and disk
 * @returns the view; undefined when nothing of the disk is stored yet
 * @throws NO_SPACE or IO_FAILED
 */
export async function openNewest(views: ViewOpener, name: DiskName): Promise<View | undefined> {
  try {
    return await views.openView(name, newestMicros, { isFillingAllowed: true, isReadOnce: true });
  } catch (error) {
    const isNew =
      isSecondwindError(error, 'UNKNOWN_MACHINE') ||
      isSecondwindError(error, 'UNKNOWN_DISK') ||
      isSecondwindError(error, 'NO_POINT_YET');
    if (isNew) return undefined;
    throw error;
  }
}

/**
 * Compares byte by byte with what a view reads: right for every repository.
 * @param view - what is stored
 */
export function createViewComparer(view: ReadableDisk): RegionComparer {
  const free: Buffer[] = [];
  return {
    async compare(region, content) {
      const start = region * regionBytes;
      const differing = new Uint8Array(regionBlocks);
      const lengthBytes = Math.min(content.length, Math.max(view.sizeBytes - start, 0));
      const memory = free.pop() ?? Buffer.allocUnsafeSlow(regionBytes);
      try {
        if (lengthBytes > 0) await view.read(memory.subarray(0, lengthBytes), start);
        const stored = memory.subarray(0, content.length).fill(0, lengthBytes);
        const storedBlocks = Math.ceil(lengthBytes / blockBytes);
        differing.fill(1, storedBlocks);
        markDifferences(asBuffer(content), stored, differing, storedBlocks);
        markExcluded(view, start, differing.subarray(0, storedBlocks));
        return differing;
      } finally {
        free.push(memory);
      }
    },
  };
}

/** Comparer for a disk of which nothing is stored. */
export const nothingStored: RegionComparer = {
  compare: () => new Uint8Array(regionBlocks).fill(1),
};

/** Neighbouring blocks that differ, all of one kind. */
export interface DifferingRun {
  /** First block, counted from the start of the region. */
  readonly first: number;
  /** End, exclusive. */
  readonly end: number;
  /** Whether they read as zeroes now. */
  readonly isZero: boolean;
}

/**
 * Puts differing blocks together to runs of data and runs of zeroes.
 * @param content - what the region holds
 * @param differing - one byte per block, not 0 where it differs
 * @returns runs in order
 */
export function differingRuns(content: Uint8Array, differing: Uint8Array): DifferingRun[] {
  const blockCount = Math.ceil(content.length / blockBytes);
  const isRegionZero = isAllZero(content);
  const runs: { first: number; end: number; isZero: boolean }[] = [];
  for (let block = 0; block < blockCount; block++) {
    if (differing[block] === 0) continue;
    const isBlockZero = isRegionZero || isZeroBlock(content, block);
    const last = runs.at(-1);
    if (last?.end === block && last.isZero === isBlockZero) last.end = block + 1;
    else runs.push({ first: block, end: block + 1, isZero: isBlockZero });
  }
  return runs;
}

function isZeroBlock(content: Uint8Array, block: number): boolean {
  const start = block * blockBytes;
  // Most blocks of data show it here, without a call.
  if (content[start] !== 0) return false;
  return isAllZero(content.subarray(start, start + blockBytes));
}

function markDifferences(
  content: Buffer,
  stored: Buffer,
  differing: Uint8Array,
  blockCount: number,
): void {
  if (content.equals(stored)) return;
  for (let block = 0; block < blockCount; block++) {
    const start = block * blockBytes;
    const end = Math.min(start + blockBytes, content.length);
    if (content.compare(stored, start, end, start, end) !== 0) differing[block] = 1;
  }
}

/** There is nothing to compare with, so it differs. */
function markExcluded(view: ReadableDisk, start: number, differing: Uint8Array): void {
  const end = Math.min(start + differing.length * blockBytes, view.sizeBytes);
  for (let at: number | undefined = start; at !== undefined && at < end; ) {
    at = view.firstExcluded?.(at, end - at);
    if (at === undefined) return;
    differing[Math.floor((at - start) / blockBytes)] = 1;
    at += blockBytes;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
