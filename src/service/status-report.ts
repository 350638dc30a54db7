import type { DiskReport } from './disk-report.ts';
import type { IsoMoment } from './moments.ts';
import type { MountReport, ShareReport } from './mount-report.ts';
import type { HealthScheduleReport, RunningCheckReport } from './verify/health-report.ts';
import type { ViewReport } from './view-report.ts';

/** The server, at a glance. */
export interface StatusReport {
  /** Version of the program. */
  readonly version: string;
  /** Process. */
  readonly pid: number;
  /** Since when it serves. */
  readonly since: IsoMoment;
  /** Its data folder. */
  readonly dataFolder: string;
  /** Newest commit of all. */
  readonly lastPoint?: IsoMoment;
  /** Every disk. */
  readonly disks: readonly DiskReport[];
  /** Every open view. */
  readonly views: readonly ViewReport[];
  /** Every mount of files. */
  readonly mounts: readonly MountReport[];
  /** Every WebDAV endpoint. */
  readonly shares: readonly ShareReport[];
  /** Every health check that runs by itself. */
  readonly healthSchedules: readonly HealthScheduleReport[];
  /** The health check that runs now; left out: none. */
  readonly healthCheck?: RunningCheckReport;
}
