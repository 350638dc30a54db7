import { regionBytes } from '../base/limits.ts';
import type { CaptureState, DiskCaptureStatus, MachineCaptureStatus } from './capture-status.ts';
import type { CutQueue } from './queue/cut-queue.ts';
import type { TappedDisk } from './tap/tapped-disk.ts';

/** What the status of a machine is made of. */
export interface StatusSources {
  /** Name of the machine. */
  readonly machine: string;
  /** Its disks. */
  readonly disks: readonly TappedDisk[];
  /** Its cuts that wait. */
  readonly queue: CutQueue;
  /** Whether there is no room to capture into. */
  readonly isGap: boolean;
  /** Steady time of the first write in the window, milliseconds. */
  readonly windowOldestMs: number | undefined;
  /** Steady time now, milliseconds. */
  readonly nowMs: number;
  /** Why something failed the last time. */
  readonly failure: unknown;
}

/** Age of the oldest cut that waits from which on the repository counts as not keeping up, milliseconds. */
const queueingMs = 5_000;

/** From good to bad. */
const ranking: readonly CaptureState[] = [
  'protecting',
  'paused',
  'queueing',
  'filling',
  'spooling',
  'away',
  'gap',
];

/**
 * Puts the status of a machine together.
 * @param sources - see StatusSources
 */
export function describeStatus(sources: StatusSources): MachineCaptureStatus {
  const { machine, queue, failure } = sources;
  const disks = sources.disks.map((disk) => describeDisk(disk, sources.isGap));
  const states = [queueState(queue, sources.nowMs), ...disks.map((disk) => disk.state)];
  return {
    machine,
    state: states.reduce((worst, state) => (rank(state) > rank(worst) ? state : worst)),
    queueBytes: queue.waitingBytes,
    spooledBytes: queue.spooledBytes,
    queueLength: queue.length,
    lagMs: measureLag(sources),
    failure: failure === undefined ? undefined : describeFailure(failure),
    disks,
  };
}

function describeDisk(disk: TappedDisk, isGap: boolean): DiskCaptureStatus {
  const { capture } = disk;
  const regions = capture.dirty.count + capture.pending.count + capture.watch.count;
  const { gap } = capture;
  return {
    disk: disk.name,
    state: diskState(disk, isGap),
    dirtyBytes: regions * regionBytes,
    activeExtents: disk.intent.activeCount,
    gap: gap === undefined ? undefined : { fromMicros: gap.fromMicros, reason: gap.reason },
    progress: disk.progress,
  };
}

function diskState(disk: TappedDisk, isGap: boolean): CaptureState {
  if (disk.capture.isPaused) return 'paused';
  if (disk.capture.unseenReason !== undefined) return 'away';
  if (isGap) return 'gap';
  // Whole in the window is not yet whole in the repository.
  const isWhole = disk.capture.state === 'whole' && disk.stored === 'whole';
  return isWhole ? 'protecting' : 'filling';
}

function queueState(queue: CutQueue, nowMs: number): CaptureState {
  if (queue.spooledBytes > 0) return 'spooling';
  const isLate = queue.oldestMs !== undefined && nowMs - queue.oldestMs > queueingMs;
  return queue.failure !== undefined || isLate ? 'queueing' : 'protecting';
}

function measureLag(sources: StatusSources): number {
  const gaps = sources.disks.map((disk) => disk.capture.gap?.fromMs);
  const oldest = [sources.queue.oldestMs, sources.windowOldestMs, ...gaps].filter(
    (atMs) => atMs !== undefined,
  );
  return oldest.length === 0 ? 0 : Math.max(0, sources.nowMs - Math.min(...oldest));
}

function rank(state: CaptureState): number {
  return ranking.indexOf(state);
}

function describeFailure(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
