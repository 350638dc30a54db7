import type { Clock } from '../../base/clock.ts';
import { rangesListedMax } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { ReadableWindow } from '../../disk/window-disk.ts';
import { BlockMarks } from '../block-marks.ts';
import { differingBlocks } from '../differing-blocks.ts';
import type { ByteSpan } from '../disk-pieces.ts';
import { marksWithin, type SpanSource } from '../marks-within.ts';
import { ProgressMeter, type RecoveryProgressSink } from '../progress-meter.ts';

/** Two moments of a disk, and where it was written between them. */
export interface CompareMomentsOptions {
  /** Disk as it stood first; borrowed. */
  readonly from: ReadableDisk;
  /** Disk as it stood later; borrowed. */
  readonly to: ReadableDisk;
  /** What was written between them, in any order, bytes. */
  readonly changedRanges: SpanSource;
  /** Whether to read both moments and leave out what was written but is the same. */
  readonly isExact: boolean;
  readonly clock: Clock;
  readonly progress?: RecoveryProgressSink | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What differs between two moments of a disk. Plain data, fit for JSON. */
export interface Difference {
  /** Size of the disk at the first and at the later moment, bytes. */
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Changed bytes, in whole blocks; what the disk grew or shrank by counts as changed. */
  readonly changedBytes: number;
  /** Runs of changed blocks. */
  readonly rangeCount: number;
  /** The first of them in order, at most rangesListedMax. */
  readonly ranges: readonly ByteSpan[];
  /** Whether ranges were left out of the list; the totals count all. */
  readonly isCut: boolean;
  /** Whether both moments were read and compared. */
  readonly isExact: boolean;
}

/**
 * Tells what changed on a disk between two moments.
 * @param options - see CompareMomentsOptions
 * @throws INTERRUPTED, and what the ranges and reading the moments throw
 */
export async function compareMoments(options: CompareMomentsOptions): Promise<Difference> {
  const { from, to, changedRanges, isExact } = options;
  const commonBytes = Math.min(from.sizeBytes, to.sizeBytes);
  const allBytes = Math.max(from.sizeBytes, to.sizeBytes);
  const written = await marksWithin(allBytes, changedRanges);
  written.add(commonBytes, allBytes - commonBytes);
  const marks = isExact ? await narrow(options, written, commonBytes) : written;
  const { spanCount, totalBytes } = marks.totals();
  return {
    fromBytes: from.sizeBytes,
    toBytes: to.sizeBytes,
    changedBytes: totalBytes,
    rangeCount: spanCount,
    ranges: [...marks.spans().take(rangesListedMax)],
    isCut: spanCount > rangesListedMax,
    isExact,
  };
}

/** Reads both moments where something was written, as far as both reach. */
async function narrow(
  options: CompareMomentsOptions,
  written: BlockMarks,
  commonBytes: number,
): Promise<BlockMarks> {
  const { from, to, clock, progress, signal } = options;
  const meter = new ProgressMeter(clock, progress);
  let candidateBytes = 0;
  for (const span of within(written.spans(), commonBytes)) candidateBytes += span.lengthBytes;
  meter.start('Comparing', candidateBytes);
  const differing = await differingBlocks({
    wanted: new ReadableWindow(to, { offsetBytes: 0, sizeBytes: commonBytes }),
    found: from,
    spans: within(written.spans(), commonBytes),
    action: 'Comparing two moments',
    onCompared: (lengthBytes) => {
      meter.add(lengthBytes);
    },
    signal,
  });
  const marks = new BlockMarks(written.sizeBytes);
  for (const { offsetBytes, lengthBytes } of differing.spans()) marks.add(offsetBytes, lengthBytes);
  marks.add(commonBytes, written.sizeBytes - commonBytes);
  return marks;
}

function* within(spans: Iterable<ByteSpan>, endBytes: number): Generator<ByteSpan> {
  for (const { offsetBytes, lengthBytes } of spans) {
    if (offsetBytes >= endBytes) return;
    yield { offsetBytes, lengthBytes: Math.min(lengthBytes, endBytes - offsetBytes) };
  }
}
