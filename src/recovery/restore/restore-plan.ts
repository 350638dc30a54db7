import type { Clock } from '../../base/clock.ts';
import { blockBytes, rangesListedMax, restoreHeadBytes } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { BlockMarks } from '../block-marks.ts';
import { differingBlocks } from '../differing-blocks.ts';
import type { ByteSpan } from '../disk-pieces.ts';
import { marksWithin, type SpanSource } from '../marks-within.ts';
import type { ProgressMeter } from '../progress-meter.ts';

/** What an in-place restore will write. Plain data, fit for JSON. */
export interface RestorePlan {
  /** Bytes of the disk that were compared. */
  readonly comparedBytes: number;
  /** Bytes that differ and will be written. */
  readonly differingBytes: number;
  /** Runs of differing blocks. */
  readonly rangeCount: number;
  /** The first of them, at most rangesListedMax. */
  readonly ranges: readonly ByteSpan[];
  /** Expected time to write them, milliseconds, judged by the speed of comparing. */
  readonly estimatedMs: number;
}

/** A plan with its blocks. */
export interface MarkedPlan {
  /** What people are shown. */
  readonly plan: RestorePlan;
  /** Blocks that differ. */
  readonly marks: BlockMarks;
}

/** What to compare. */
export interface PlanOptions {
  /** Disk to be restored. */
  readonly view: ReadableDisk;
  /** Where it will be written. */
  readonly target: ReadableDisk;
  /** The only places where the two may differ; any when left out. */
  readonly ranges?: SpanSource | undefined;
  /** What is being done, as the start of a sentence. */
  readonly action: string;
  /** Measures speed. */
  readonly clock: Clock;
  /** Shows how far it has come. */
  readonly meter: ProgressMeter;
  /** Ends the work early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds which blocks of a target differ from a view.
 * @param options - see PlanOptions
 * @throws INTERRUPTED, and what reading throws
 */
export async function planRestore(options: PlanOptions): Promise<MarkedPlan> {
  const { view, target, action, clock, meter, signal } = options;
  const candidates = await candidateBlocks(options);
  const { totalBytes: comparedBytes } = candidates.totals();
  const startMs = clock.steadyMs();
  meter.start('Comparing', comparedBytes);
  const marks = await differingBlocks({
    wanted: view,
    found: target,
    spans: candidates.spans(),
    action,
    onCompared: (lengthBytes) => {
      meter.add(lengthBytes);
    },
    signal,
  });
  // What a smaller target does not hold yet differs by that.
  marks.add(candidates.sizeBytes, view.sizeBytes - candidates.sizeBytes);
  return { plan: planOf(marks, comparedBytes, clock.steadyMs() - startMs), marks };
}

/** The head is always compared: an unfinished restore left its mark there, whatever the ranges say. */
async function candidateBlocks({ view, target, ranges }: PlanOptions): Promise<BlockMarks> {
  const isSmaller = target.sizeBytes < view.sizeBytes;
  const sizeBytes = isSmaller ? target.sizeBytes - (target.sizeBytes % blockBytes) : view.sizeBytes;
  const candidates = await marksWithin(
    sizeBytes,
    ranges ?? [{ offsetBytes: 0, lengthBytes: sizeBytes }],
  );
  candidates.add(0, restoreHeadBytes);
  return candidates;
}

function planOf(marks: BlockMarks, comparedBytes: number, elapsedMs: number): RestorePlan {
  const { spanCount, totalBytes } = marks.totals();
  return {
    comparedBytes,
    differingBytes: totalBytes,
    rangeCount: spanCount,
    ranges: [...marks.spans().take(rangesListedMax)],
    estimatedMs: Math.ceil((elapsedMs * totalBytes) / Math.max(comparedBytes, blockBytes)),
  };
}
