import type { ActionProgress } from '../long-action.ts';
import type { IsoMoment } from '../moments.ts';
import type { HealthRhythm } from './health-rhythm.ts';
import type { Verdict } from './verify-report.ts';

/** What is checked by itself, and how often. */
export interface HealthScheduleOrder {
  /** MACHINE or MACHINE/DISK. */
  readonly where: string;
  /** How often. */
  readonly rhythm: HealthRhythm;
}

/** A health check that runs by itself. */
export interface HealthScheduleReport extends HealthScheduleOrder {
  /** When it is due; it waits until something newer was captured. */
  readonly due: IsoMoment;
  /** When the last one ended; left out: there was none yet. */
  readonly tried?: IsoMoment;
  /** Point that the last one looked at. */
  readonly point?: IsoMoment;
  /** Why the last one could not look, in words. */
  readonly failure?: string;
}

/** A health check that runs now. */
export interface RunningCheckReport {
  /** What it looks at. */
  readonly where: string;
  /** Whether it runs by itself. */
  readonly isScheduled: boolean;
  /** Since when. */
  readonly since: IsoMoment;
  /** How far it is. */
  readonly progress: ActionProgress;
}

/** Health of a disk at its newest point that was checked. */
export interface DiskHealthReport {
  /** The disk's own name. */
  readonly disk: string;
  /** What the check came to for this disk. */
  readonly verdict: Verdict;
  /** What was checked: "db1", "db1/root". */
  readonly where: string;
  /** The point. */
  readonly point: IsoMoment;
  /** When it was checked. */
  readonly verified: IsoMoment;
  /** Findings that are damage. */
  readonly damageCount: number;
  /** The first damage, with its volume: text from the disk may be in it, and hostile. */
  readonly firstDamage?: string;
}
