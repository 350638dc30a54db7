import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { Repository } from '../../repository/index.ts';
import type { Catalogue } from '../catalogue.ts';
import { findFilePlace } from '../file-place.ts';
import type { FilesOrder } from '../file-report.ts';
import type { ActionContext } from '../long-action.ts';
import type { MomentFinder } from '../moment-finder.ts';
import { isoMoment } from '../moments.ts';
import { closeViews, openPlaceViews } from '../open-place-views.ts';
import { type OpenedVolume, openVolumes } from '../open-volumes.ts';
import type { VerifyCases } from '../use-cases.ts';
import type { Verdict, VerifyReport, VolumeHealthReport } from './verify-report.ts';
import { verifyVolume } from './verify-volume.ts';
import { hideStaleVolume, type VolumeFileParts } from './volume-as-file.ts';

/** What health checks need. */
export interface VerifyParts extends VolumeFileParts {
  readonly repository: Repository;
  readonly moments: MomentFinder;
  /** Remembers results. */
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/** Health of points: see VerifyCases. One check at a time; it reads much, and others wait. */
export class Verify implements VerifyCases {
  readonly #parts: VerifyParts;
  readonly #ending = new AbortController();
  #turn: Promise<unknown> = Promise.resolve();

  /** @param parts - see VerifyParts */
  constructor(parts: VerifyParts) {
    this.#parts = parts;
  }

  /** Removes what a killed server left. */
  async start(): Promise<void> {
    await hideStaleVolume(this.#parts);
  }

  /** @inheritdoc */
  verify(order: FilesOrder, action: ActionContext): Promise<VerifyReport> {
    const signal = AbortSignal.any([action.signal, this.#ending.signal]);
    const report = this.#turn.then(() => this.#verify(order, { ...action, signal }));
    this.#turn = report.catch(() => undefined);
    return report;
  }

  /** Ends the check that runs, and those that wait. */
  async close(): Promise<void> {
    this.#ending.abort(new SecondwindError('INTERRUPTED', { action: 'The health check' }));
    await this.#turn;
  }

  async #verify({ where, at }: FilesOrder, action: ActionContext): Promise<VerifyReport> {
    action.signal.throwIfAborted();
    const { repository, moments, catalogue, clock } = this.#parts;
    const place = findFilePlace(where, repository.disks());
    const { machine, disks } = place;
    const askedMicros = await moments.find({ machine, disk: disks[0]! }, at);
    await using closing = new AsyncDisposableStack();
    const views = await openPlaceViews(repository, place, askedMicros);
    closing.defer(() => closeViews(views.opened));
    const opened = await openVolumes(place, views.opened);
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
      volumes,
      notes: views.notes,
    };
    catalogue.putVerification({ machine, place: where, pointMicros, verifiedMicros, report });
    return report;
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

function verdictOf(volumes: readonly VolumeHealthReport[]): Verdict {
  const verdicts = volumes.map(({ verdict }) => verdict);
  if (verdicts.includes('damage')) return 'damage';
  return verdicts.includes('clean') ? 'clean' : 'unchecked';
}
