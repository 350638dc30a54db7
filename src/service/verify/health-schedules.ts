import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { formatDuration } from '../../base/units.ts';
import type { DiskSummary, Repository } from '../../repository/index.ts';
import type { Catalogue } from '../catalogue.ts';
import type { HealthScheduleRow } from '../catalogue-row.ts';
import { findFilePlace } from '../file-place.ts';
import { isoMoment } from '../moments.ts';
import type { HealthScheduleOrder, HealthScheduleReport } from './health-report.ts';
import { type HealthRhythm, healthRhythms, intervalMsOf, readRhythm } from './health-rhythm.ts';
import { healthCheckMsMax, healthLookMs, healthSchedulesMax } from './limits.ts';
import { pointToCheck } from './point-to-check.ts';
import type { Verify } from './verify.ts';

/** What health checks that run by themselves need. */
export interface HealthSchedulesParts {
  /** Remembers which, across restarts. */
  readonly catalogue: Pick<
    Catalogue,
    'healthSchedules' | 'putHealthSchedule' | 'removeHealthSchedule'
  >;
  /** What there is to check. */
  readonly repository: Pick<Repository, 'disks'>;
  /** Checks. */
  readonly verify: Pick<Verify, 'check'>;
  readonly clock: Clock;
  /** Hears of checks that could not look. */
  readonly log: Logger;
}

/** A check that is due. */
interface DueCheck {
  readonly row: HealthScheduleRow;
  readonly dueMicros: number;
  readonly pointMicros: number;
}

/**
 * Health checks that run by themselves: the one that is due for longest first, and only when something was captured since the last one.
 * Times are those of the wall clock, since they must outlast this process; a clock that is set back makes a check come at once, not years late.
 */
export class HealthSchedules {
  readonly #parts: HealthSchedulesParts;
  readonly #ending = new AbortController();
  #nap = new AbortController();
  #loop: Promise<void> | undefined;

  /** @param parts - see HealthSchedulesParts */
  constructor(parts: HealthSchedulesParts) {
    this.#parts = parts;
  }

  /** Begins to check what is due. */
  start(): void {
    this.#loop = this.#runLoop();
  }

  /** Ends the check that runs; it comes again when the server does. */
  async close(): Promise<void> {
    this.#ending.abort(new SecondwindError('INTERRUPTED', { action: 'The health check' }));
    await this.#loop;
  }

  /** Every one, in order of place. */
  list(): readonly HealthScheduleReport[] {
    return this.#parts.catalogue.healthSchedules().map((row) => this.#report(row));
  }

  /**
   * Has a place checked by itself from now on, or at another rhythm. What never was begins at once.
   * @param order - which, and how often
   * @throws USAGE also for a single volume; UNKNOWN_MACHINE, UNKNOWN_DISK, LIMIT_EXCEEDED
   */
  set({ where, rhythm }: HealthScheduleOrder): HealthScheduleReport {
    const { catalogue, repository } = this.#parts;
    const place = findFilePlace(where, repository.disks());
    if (place.volume !== undefined) {
      const reason = 'Checks run by themselves for MACHINE or MACHINE/DISK, not for one volume';
      throw new SecondwindError('USAGE', { reason });
    }
    const rows = catalogue.healthSchedules();
    const known = rows.find((row) => row.place === where);
    if (known === undefined && rows.length >= healthSchedulesMax) {
      const data = { what: 'The number of scheduled health checks', value: rows.length + 1 };
      throw new SecondwindError('LIMIT_EXCEEDED', { ...data, limit: healthSchedulesMax });
    }
    const never = { triedMicros: 0, triedPointMicros: 0, failure: '' };
    const row = { place: where, ...never, ...known, rhythm: readRhythm(rhythm) };
    catalogue.putHealthSchedule(row);
    this.#nap.abort();
    return this.#report(row);
  }

  /**
   * Has a place no longer checked by itself.
   * @param where - which
   * @throws NOT_FOUND
   */
  end(where: string): HealthScheduleReport {
    const { catalogue } = this.#parts;
    const row = catalogue.healthSchedules().find(({ place }) => place === where);
    if (row === undefined) {
      throw new SecondwindError('NOT_FOUND', { what: 'scheduled health check of', name: where });
    }
    catalogue.removeHealthSchedule(where);
    return this.#report(row);
  }

  async #runLoop(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#sleep();
        for (let due = this.#longestDue(); due !== undefined; due = this.#longestDue()) {
          await this.#check(due);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.error('Scheduled health checks could not go on', { error });
      }
    }
  }

  /** Until it is time to look again, or somebody changes what is due. */
  async #sleep(): Promise<void> {
    const { clock } = this.#parts;
    this.#nap = new AbortController();
    const signal = AbortSignal.any([this.#nap.signal, this.#ending.signal]);
    await clock.sleep(healthLookMs, signal).catch(() => undefined);
    this.#ending.signal.throwIfAborted();
  }

  #longestDue(): DueCheck | undefined {
    const disks = this.#parts.repository.disks();
    const due = this.#parts.catalogue.healthSchedules().flatMap((row) => this.#due(row, disks));
    return due.toSorted((left, right) => left.dueMicros - right.dueMicros)[0];
  }

  #due(row: HealthScheduleRow, disks: readonly DiskSummary[]): readonly DueCheck[] {
    const nowMicros = this.#parts.clock.nowMicros();
    const dueMicros = dueMicrosOf(row);
    if (nowMicros < dueMicros && nowMicros >= row.triedMicros) return [];
    const pointMicros = pointToCheck(disksOf(row, disks), row.triedPointMicros);
    return pointMicros === undefined ? [] : [{ row, dueMicros, pointMicros }];
  }

  /** What could not look is tried again at its next time, not at once. */
  async #check({ row, pointMicros }: DueCheck): Promise<void> {
    const { clock, log } = this.#parts;
    const where = row.place;
    let failure = '';
    try {
      await this.#checkInTime(where, pointMicros);
    } catch (error) {
      if (this.#ending.signal.aborted) throw error;
      failure = error instanceof Error ? error.message : String(error);
      log.error('A scheduled health check could not look', { where, error });
    }
    const triedPointMicros = failure === '' ? pointMicros : row.triedPointMicros;
    this.#note({ ...row, triedMicros: clock.nowMicros(), triedPointMicros, failure });
  }

  async #checkInTime(where: string, pointMicros: number): Promise<void> {
    const { verify, clock } = this.#parts;
    const done = new AbortController();
    const limit = new AbortController();
    const action = `The health check, which took longer than ${formatDuration(healthCheckMsMax)},`;
    const late = (): void => limit.abort(new SecondwindError('INTERRUPTED', { action }));
    clock.sleep(healthCheckMsMax, done.signal).then(late, () => undefined);
    const signal = AbortSignal.any([limit.signal, this.#ending.signal]);
    try {
      const order = { where, at: isoMoment(pointMicros) };
      await verify.check(order, { progress: () => undefined, signal }, { isScheduled: true });
    } finally {
      done.abort();
    }
  }

  /** It may have been given another rhythm meanwhile, or been ended. */
  #note(tried: HealthScheduleRow): void {
    const { catalogue } = this.#parts;
    const now = catalogue.healthSchedules().find(({ place }) => place === tried.place);
    if (now !== undefined) catalogue.putHealthSchedule({ ...tried, rhythm: now.rhythm });
  }

  #report(row: HealthScheduleRow): HealthScheduleReport {
    const { place, triedMicros, triedPointMicros, failure } = row;
    return {
      where: place,
      rhythm: rhythmOf(row),
      due: isoMoment(Math.max(dueMicrosOf(row), this.#parts.clock.nowMicros())),
      ...(triedMicros === 0 ? {} : { tried: isoMoment(triedMicros) }),
      ...(triedPointMicros === 0 ? {} : { point: isoMoment(triedPointMicros) }),
      ...(failure === '' ? {} : { failure }),
    };
  }
}

function dueMicrosOf(row: HealthScheduleRow): number {
  return row.triedMicros + intervalMsOf(rhythmOf(row)) * 1000;
}

/** A word of a later version is taken for the usual rhythm: better than no check. */
function rhythmOf({ rhythm }: HealthScheduleRow): HealthRhythm {
  return healthRhythms.find((known) => known === rhythm) ?? 'every-day';
}

function disksOf({ place }: HealthScheduleRow, disks: readonly DiskSummary[]): DiskSummary[] {
  const [machine, disk] = place.split('/');
  return disks.filter(
    ({ name }) => name.machine === machine && (disk === undefined || name.disk === disk),
  );
}
