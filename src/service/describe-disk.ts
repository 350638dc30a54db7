import type { DiskCaptureStatus, MachineCaptureStatus } from '../capture/capture-status.ts';
import type { DiskSummary } from '../repository/index.ts';
import type { DiskRow } from './catalogue-row.ts';
import type { DiskActivity, DiskReport, SourceKind } from './disk-report.ts';
import type { ExclusionFindings } from './exclusion-report.ts';
import type { DeviceFacts } from './live-devices.ts';
import type { MirrorFacts } from './live-guests.ts';
import type { RunningTap } from './live-taps.ts';
import type { ActionProgress } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { DiskHealthReport } from './verify/health-report.ts';

/** Everything that is known of one disk. */
export interface DiskFacts {
  /** Its machine. */
  readonly machine: string;
  /** Its name. */
  readonly disk: string;
  /** How it is protected; undefined when it is not any more, or by a mirror. */
  readonly row: DiskRow | undefined;
  /** Its mirror; undefined when it is not protected by one. */
  readonly mirror: MirrorFacts | undefined;
  /** What is stored of it; undefined while nothing is. */
  readonly summary: DiskSummary | undefined;
  /** What the last scan left out by rules that are in force. */
  readonly excluded: ExclusionFindings | undefined;
  /** Capture of its machine, while any tap of it runs. */
  readonly capture: MachineCaptureStatus | undefined;
  /** Its device; undefined when it is not protected as one. */
  readonly device: DeviceFacts | undefined;
  /** Whether an agent is admitted that sends the disks of its machine. */
  readonly hasAgent: boolean;
  /** Its tap, while that runs. */
  readonly tap: RunningTap | undefined;
  /** Clients of the tap. */
  readonly clientCount: number;
  /** Why it failed to start. */
  readonly failure: string | undefined;
  /** Whether its image is being scanned. */
  readonly isScanning: boolean;
  /** How far that is. */
  readonly scan: ActionProgress | undefined;
  /** What the newest health check came to. */
  readonly health: DiskHealthReport | undefined;
}

/**
 * Writes what is known of a disk for people and programs.
 * @param facts - see DiskFacts
 */
export function describeDisk(facts: DiskFacts): DiskReport {
  const { machine, disk, mirror, summary, tap, excluded } = facts;
  const now = facts.capture?.disks.find((each) => each.disk === disk);
  return withoutUndefined({
    machine,
    disk,
    ...whereabouts(facts),
    state: activity(facts, now),
    reason:
      facts.failure ??
      mirror?.reason ??
      facts.device?.reason ??
      now?.gap?.reason ??
      facts.capture?.failure,
    firstPoint: isoMoment(summary?.firstPointMicros),
    lastPoint: isoMoment(summary?.lastPointMicros),
    ...captureFigures(facts, now),
    gapSince: isoMoment(gapSince(facts, now)),
    progress: facts.scan ?? fillProgress(now),
    excludedBytes: excluded && excluded.fileBytes + excluded.unallocatedBytes,
    clientCount: tap === undefined ? undefined : facts.clientCount,
    health: facts.health,
  });
}

function whereabouts({ mirror, row, tap, device, summary, hasAgent }: DiskFacts): {
  readonly source: SourceKind | undefined;
  readonly path: string | undefined;
  readonly listen: string | undefined;
  readonly sizeBytes: number | undefined;
} {
  return {
    source: mirror === undefined ? (row?.source ?? (hasAgent ? 'agent' : undefined)) : 'mirror',
    path: mirror?.path ?? row?.path,
    listen: row?.source === 'tap' ? row.listen : undefined,
    sizeBytes: tap?.disk.sizeBytes ?? mirror?.sizeBytes ?? device?.sizeBytes ?? summary?.sizeBytes,
  };
}

function activity(facts: DiskFacts, now: DiskCaptureStatus | undefined): DiskActivity {
  if (facts.mirror !== undefined) return mirrorActivity(facts.mirror, now);
  if (facts.device !== undefined) return now?.state ?? 'away';
  if (facts.row === undefined) return facts.hasAgent ? 'idle' : 'history';
  if (now !== undefined) return now.state;
  if (facts.failure !== undefined) return 'failed';
  if (facts.isScanning) return 'scanning';
  return facts.row.source === 'image' ? 'idle' : 'failed';
}

function mirrorActivity(mirror: MirrorFacts, now: DiskCaptureStatus | undefined): DiskActivity {
  if (mirror.isPaused) return 'paused';
  return now?.state ?? 'away';
}

function captureFigures(
  { capture }: DiskFacts,
  now: DiskCaptureStatus | undefined,
): Pick<DiskReport, 'lagMs' | 'queue'> {
  if (capture === undefined || now === undefined) return {};
  return {
    lagMs: Math.round(capture.lagMs),
    queue: {
      memoryBytes: capture.queueBytes - capture.spooledBytes,
      spoolBytes: capture.spooledBytes,
      dirtyBytes: now.dirtyBytes,
    },
  };
}

/** A disk that was never whole has no gap: it just begins. */
function gapSince({ summary }: DiskFacts, now: DiskCaptureStatus | undefined): number | undefined {
  return summary?.firstPointMicros === undefined ? undefined : now?.gap?.fromMicros;
}

function fillProgress(now: DiskCaptureStatus | undefined): ActionProgress | undefined {
  if (now?.progress === undefined) return undefined;
  const { bytesDone, bytesTotal } = now.progress;
  return { phase: 'Comparing', done: bytesDone, total: bytesTotal, unit: 'bytes' };
}

type Given<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<
    Fields[Name],
    undefined
  >;
};

function withoutUndefined<Fields extends object>(fields: Fields): Given<Fields> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Given<Fields>;
}
