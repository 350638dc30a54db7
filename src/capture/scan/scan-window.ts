import { blockBytes, regionBlocks, regionBytes } from '../../base/limits.ts';
import type { BlockBitmap } from '../../disk/block-bitmap.ts';
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
  /** Which blocks are looked at; left out: all. */
  readonly part?: ScanPart | undefined;
}

/** A part of the blocks of a disk. */
export interface ScanPart {
  /** Numbers of blocks. */
  readonly blocks: BlockBitmap;
  /** Whether these blocks are the part, or all others. */
  readonly isOfThese: boolean;
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
  const { part } = subject;
  if (!isWanted(part, startBytes, lengthBytes)) {
    return { startBytes, lengthBytes, runs: [], memory: undefined };
  }
  const { holeBytes } = await commonHole(disk, stored, { start: startBytes, lengthBytes });
  if (holeBytes >= lengthBytes) return { startBytes, lengthBytes, runs: [], memory: undefined };
  const memory = takeMemory();
  const blocks = new Uint8Array(memory, 0, Math.ceil(lengthBytes / blockBytes) * blockBytes);
  const content = blocks.subarray(0, lengthBytes);
  blocks.fill(0, lengthBytes);
  const differing = await compareRegions(subject, startBytes, content);
  if (part !== undefined) forgetUnwanted(part, startBytes / blockBytes, differing);
  return { startBytes, lengthBytes, runs: runsOf(subject, startBytes, blocks, differing), memory };
}

/** Reads the regions of a window of which anything is wanted, and compares them. */
async function compareRegions(
  { disk, comparer, part }: ScanSubject,
  startBytes: number,
  content: Uint8Array<SharedArrayBuffer>,
): Promise<Uint8Array> {
  const differing = new Uint8Array(scanWindowBytes / blockBytes);
  const wanted: { readonly index: number; readonly bytes: Uint8Array<SharedArrayBuffer> }[] = [];
  for (let at = 0; at < content.length; at += regionBytes) {
    const bytes = content.subarray(at, at + regionBytes);
    if (isWanted(part, startBytes + at, bytes.length))
      wanted.push({ index: at / regionBytes, bytes });
  }
  if (wanted.length * regionBytes >= content.length) await disk.read(content, startBytes);
  else
    for (const { index, bytes } of wanted) await disk.read(bytes, startBytes + index * regionBytes);
  await Promise.all(
    wanted.map(async ({ index, bytes }) => {
      const found = await comparer.compare(startBytes / regionBytes + index, bytes);
      differing.set(found, index * regionBlocks);
    }),
  );
  return differing;
}

function isWanted(part: ScanPart | undefined, startBytes: number, lengthBytes: number): boolean {
  if (part === undefined) return true;
  const start = startBytes / blockBytes;
  const end = start + Math.ceil(lengthBytes / blockBytes);
  return part.blocks.has(start) === part.isOfThese || part.blocks.runEnd(start, end) < end;
}

function forgetUnwanted(part: ScanPart, startBlock: number, differing: Uint8Array): void {
  for (let block = 0; block < differing.length; block++) {
    if (part.blocks.has(startBlock + block) !== part.isOfThese) differing[block] = 0;
  }
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
