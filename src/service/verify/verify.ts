import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Repository, View } from '../../repository/index.ts';
import type { Catalogue } from '../catalogue.ts';
import { findFilePlace } from '../file-place.ts';
import type { FilesOrder } from '../file-report.ts';
import type { ActionContext } from '../long-action.ts';
import type { MomentFinder } from '../moment-finder.ts';
import { isoMoment } from '../moments.ts';
import { closeViews, openPlaceViews } from '../open-place-views.ts';
import { type OpenedVolume, openVolumes } from '../open-volumes.ts';
import type { VerifyCases } from '../use-cases.ts';
import type { RunningCheckReport } from './health-report.ts';
import { Rests, UnhurriedView } from './unhurried-view.ts';
import { verdictOf } from './verdict.ts';
import type { VerifyReport, VolumeHealthReport } from './verify-report.ts';
import { verifyVolume } from './verify-volume.ts';
import { hideStaleVolume, type VolumeFileParts } from './volume-as-file.ts';

/** What health checks need. */
export interface VerifyParts extends VolumeFileParts {
  readonly repository: Repository;
  readonly moments: MomentFinder;
  /** Remembers results. */
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Hears of damage. */
  readonly log: Logger;
}

/** How a check is run. */
export interface CheckManner {
  /** Whether it runs by itself, and so leaves the machine to others. */
  readonly isScheduled: boolean;
}

/** Health of points: see VerifyCases. One check at a time; it reads much, and others wait. */
export class Verify implements VerifyCases {
  readonly #parts: VerifyParts;
  readonly #ending = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();
  #running: RunningCheckReport | undefined;

  /** @param parts - see VerifyParts */
  constructor(parts: VerifyParts) {
    this.#parts = parts;
  }

  /** Removes what a killed server left. */
  async start(): Promise<void> {
    await hideStaleVolume(this.#parts);
  }

  /** The check that runs now. */
  get running(): RunningCheckReport | undefined {
    return this.#running;
  }

  /** @inheritdoc */
  verify(order: FilesOrder, action: ActionContext): Promise<VerifyReport> {
    return this.check(order, action, { isScheduled: false });
  }

  /**
   * Checks the health of a point: see VerifyCases.
   * @param order - which
   * @param action - see ActionContext
   * @param manner - how
   * @throws as `verify` there
   */
  check(order: FilesOrder, action: ActionContext, manner: CheckManner): Promise<VerifyReport> {
    const signal = AbortSignal.any([action.signal, this.#ending.signal]);
    if (this.#running !== undefined) {
      const phase = `Waiting for the check of ${this.#running.where}`;
      action.progress({ phase, done: 0, total: 0, unit: 'volumes' });
    }
    const report = this.#turn.then(() => this.#shown(order, { ...action, signal }, manner));
    this.#turn = report.catch(() => undefined);
    return report;
  }

  /** Ends the check that runs, and those that wait. */
  async close(): Promise<void> {
    this.#ending.abort(new SecondwindError('INTERRUPTED', { action: 'The health check' }));
    await this.#turn;
  }

  /** Keeps how far it is where others can see it. */
  async #shown(
    order: FilesOrder,
    action: ActionContext,
    { isScheduled }: CheckManner,
  ): Promise<VerifyReport> {
    const { where } = order;
    const since = isoMoment(this.#parts.clock.nowMicros());
    const progress: ActionContext['progress'] = (now) => {
      this.#running = { where, isScheduled, since, progress: now };
      action.progress(now);
    };
    try {
      progress({ phase: 'Opening the disks', done: 0, total: 0, unit: 'volumes' });
      return await this.#verify(order, { ...action, progress }, isScheduled);
    } finally {
      this.#running = undefined;
    }
  }

  async #verify(
    { where, at }: FilesOrder,
    action: ActionContext,
    isScheduled: boolean,
  ): Promise<VerifyReport> {
    action.signal.throwIfAborted();
    const { repository, moments, catalogue, clock } = this.#parts;
    const place = findFilePlace(where, repository.disks());
    const { machine, disks } = place;
    const askedMicros = await moments.find({ machine, disk: disks[0]! }, at);
    await using closing = new AsyncDisposableStack();
    const views = await openPlaceViews(repository, place, askedMicros);
    closing.defer(() => closeViews(views.opened));
    const disksRead = isScheduled ? unhurried(views.opened, clock) : views.opened;
    const opened = await openVolumes(place, disksRead);
    for (const { fileSystem } of opened) closing.defer(async () => fileSystem?.close());
    const volumes = await this.#verifyAll(opened, action);
    const pointMicros = Math.max(...views.opened.map(({ timeMicros }) => timeMicros));
    const verifiedMicros = clock.nowMicros();
    const report: VerifyReport = {
      ...{ where, machine },
      asked: isoMoment(askedMicros),
      point: isoMoment(pointMicros),
      verified: isoMoment(verifiedMicros),
      verdict: verdictOf(volumes),
      disks: disksRead.map(({ name }) => name.disk),
      volumes,
      notes: views.notes,
    };
    catalogue.putVerification({ machine, place: where, pointMicros, verifiedMicros, report });
    this.#tell(report);
    return report;
  }

  #tell({ where, point, verdict, volumes }: VerifyReport): void {
    if (verdict !== 'damage') return;
    const damaged = volumes.filter((volume) => volume.verdict === 'damage');
    this.#parts.log.error('A health check found damage', {
      ...{ where, point },
      volumes: damaged.map(({ volume, damageCount }) => ({ volume, damageCount })),
    });
  }

  async #verifyAll(
    opened: readonly OpenedVolume[],
    { progress, signal }: ActionContext,
  ): Promise<readonly VolumeHealthReport[]> {
    const reports: VolumeHealthReport[] = [];
    for (const volume of opened) {
      const phase = `Checking ${volume.volume.address}`;
      progress({ phase, done: reports.length, total: opened.length, unit: 'volumes' });
      reports.push(await verifyVolume(this.#parts, volume, signal));
    }
    return reports;
  }
}

function unhurried(views: readonly View[], clock: Clock): readonly View[] {
  const rests = new Rests(clock);
  return views.map((view) => new UnhurriedView(view, rests));
}
