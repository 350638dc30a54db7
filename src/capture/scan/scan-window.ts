import { blockBytes, regionBlocks, regionBytes } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { BlockRun, RegionComparer } from '../../repository/index.ts';
import { commonHole } from '../common-hole.ts';
import { differingRuns } from '../region-compare.ts';

/** Bytes read at once: four regions, which the repository stores as one piece when all of it is new. */
export const scanWindowBytes: number = 4 * regionBytes;

/** What a scan compares. */
export interface ScanSubject {
  /** The image. */
  readonly disk: ReadableDisk;
  /** What is stored of it; undefined: nothing. */
  readonly stored: ReadableDisk | undefined;
  /** Compares with what is stored. */
  readonly comparer: RegionComparer;
}

/** A part of the image, compared. */
export interface ScannedWindow {
  /** Where it begins, bytes. */
  readonly startBytes: number;
  /** Its length, bytes. */
  readonly lengthBytes: number;
  /** What differs from what is stored; refers to `memory`. */
  readonly runs: readonly BlockRun[];
  /** To be given back when the runs are no longer needed; undefined when nothing had to be read. */
  readonly memory: SharedArrayBuffer | undefined;
}

/**
 * Reads and compares one window of an image.
 * @param subject - what is compared
 * @param startBytes - a multiple of scanWindowBytes
 * @param takeMemory - lends scanWindowBytes of shared memory
 * @throws IO_FAILED, DAMAGED
 */
export async function scanWindow(
  subject: ScanSubject,
  startBytes: number,
  takeMemory: () => SharedArrayBuffer,
): Promise<ScannedWindow> {
  const { disk, stored } = subject;
  const lengthBytes = Math.min(scanWindowBytes, disk.sizeBytes - startBytes);
  const { holeBytes } = await commonHole(disk, stored, { start: startBytes, lengthBytes });
  if (holeBytes >= lengthBytes) return { startBytes, lengthBytes, runs: [], memory: undefined };
  const memory = takeMemory();
  const blocks = new Uint8Array(memory, 0, Math.ceil(lengthBytes / blockBytes) * blockBytes);
  const content = blocks.subarray(0, lengthBytes);
  await disk.read(content, startBytes);
  blocks.fill(0, lengthBytes);
  const differing = await compareRegions(subject.comparer, startBytes, content);
  return { startBytes, lengthBytes, runs: runsOf(subject, startBytes, blocks, differing), memory };
}

async function compareRegions(
  comparer: RegionComparer,
  startBytes: number,
  content: Uint8Array<SharedArrayBuffer>,
): Promise<Uint8Array> {
  const differing = new Uint8Array(scanWindowBytes / blockBytes);
  const regionCount = Math.ceil(content.length / regionBytes);
  await Promise.all(
    Array.from({ length: regionCount }, async (_, index) => {
      const part = content.subarray(index * regionBytes, (index + 1) * regionBytes);
      const found = await comparer.compare(startBytes / regionBytes + index, part);
      differing.set(found, index * regionBlocks);
    }),
  );
  return differing;
}

/** Where nothing is stored, zeroes need not be either. */
function runsOf(
  subject: ScanSubject,
  startBytes: number,
  blocks: Uint8Array<SharedArrayBuffer>,
  differing: Uint8Array,
): BlockRun[] {
  const startBlock = startBytes / blockBytes;
  return differingRuns(blocks, differing).flatMap(({ first, end, isZero }): BlockRun[] => {
    const run = { firstBlock: startBlock + first, blockCount: end - first };
    if (!isZero) return [{ ...run, data: blocks.subarray(first * blockBytes, end * blockBytes) }];
    return subject.stored === undefined ? [] : [run];
  });
}
