import { blockBytes, regionBlocks } from '../../base/limits.ts';
import type { BlockBitmap } from '../../disk/block-bitmap.ts';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import type { BlockRun } from '../../repository/index.ts';

/** What a scan does not store. */
export interface ScanExclusions {
  /** Numbers of the blocks; none that the disk has only in part. */
  readonly blocks: BlockBitmap;
  /**
   * Whether nothing was written to the image since the blocks were worked out. Asked once, when everything else was read.
   * @throws IO_FAILED
   */
  isAtRest(): Promise<boolean>;
}

/** Longest run, blocks: 64 GiB. */
const runBlocksMax = 65_536 * regionBlocks;

/**
 * The blocks that become excluded and are not stored so already. Of holes of the image it is known what they hold, so they become zeroes.
 * @param subject - the image, what is stored of it, and the blocks
 * @returns runs in order
 */
export async function* excludedRuns(subject: {
  readonly disk: ReadableDisk;
  readonly stored: ReadableDisk | undefined;
  readonly blocks: BlockBitmap;
}): AsyncGenerator<BlockRun> {
  const { disk, stored, blocks } = subject;
  const blockCount = Math.floor(disk.sizeBytes / blockBytes);
  for (let at = 0; at < blockCount; ) {
    const end = Math.min(blocks.runEnd(at, blockCount), at + runBlocksMax);
    if (!blocks.has(at)) {
      at = end;
      continue;
    }
    const own = await stretch(disk, at, end, ({ isHole }) => (isHole ? 'hole' : 'data'));
    const kept = await stretch(stored, at, end, storedKind);
    const stop = Math.min(own.end, kept.end);
    const run = { firstBlock: at, blockCount: stop - at };
    if (own.kind === 'data' && kept.kind !== 'excluded') yield { ...run, isExcluded: true };
    if (own.kind === 'hole' && kept.kind !== 'hole') yield run;
    at = stop;
  }
}

type Kind = 'hole' | 'data' | 'excluded';

function storedKind({ isHole, isExcluded }: DiskExtent): Kind {
  if (isExcluded === true) return 'excluded';
  return isHole ? 'hole' : 'data';
}

/** Blocks from a first one on that are of one kind. Behind the end of what is stored, and where nothing is, is a hole. */
async function stretch(
  disk: ReadableDisk | undefined,
  start: number,
  end: number,
  kindOf: (extent: DiskExtent) => Kind,
): Promise<{ readonly end: number; readonly kind: Kind }> {
  const sizeBytes = disk?.sizeBytes ?? 0;
  const startBytes = start * blockBytes;
  if (disk === undefined || startBytes >= sizeBytes) return { end, kind: 'hole' };
  const lengthBytes = Math.min(end * blockBytes, sizeBytes) - startBytes;
  const extents = await disk.extents(startBytes, lengthBytes);
  const kind = kindOf(extents[0]!);
  let bytes = 0;
  for (const extent of extents) {
    if (kindOf(extent) !== kind) break;
    bytes += extent.lengthBytes;
  }
  // A block of which a part is data is data.
  const whole = Math.floor(bytes / blockBytes);
  return whole === 0 ? { end: start + 1, kind: 'data' } : { end: start + whole, kind };
}
