import type { Clock } from '../base/clock.ts';
import type { Damage, Repository, RepositoryStats } from '../repository/index.ts';
import type { ActionContext } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type {
  CheckFindings,
  DamageReport,
  RebuildReport,
  StatsReport,
} from './repository-report.ts';
import type { StoreCases } from './use-cases.ts';

/** Caring for the store: see StoreCases. */
export class StoreCare implements StoreCases {
  readonly #repository: Repository;
  readonly #clock: Clock;

  /**
   * @param repository - the store
   * @param clock - measures how long things take
   */
  constructor(repository: Repository, clock: Clock) {
    this.#repository = repository;
    this.#clock = clock;
  }

  /** @inheritdoc */
  async stats(): Promise<StatsReport> {
    return statsReport(await this.#repository.stats());
  }

  /** @inheritdoc */
  async check(contentShare: number, { progress, signal }: ActionContext): Promise<CheckFindings> {
    const startMs = this.#clock.steadyMs();
    const report = await this.#repository.check({ contentShare, progress, signal });
    const { damages, indexFaults, segmentCount, entryCount, checkedBytes } = report;
    return {
      isHealthy: damages.length === 0 && indexFaults.length === 0,
      ...{ segmentCount, entryCount, checkedBytes, indexFaults },
      damages: damages.map(damageReport),
      durationMs: Math.round(this.#clock.steadyMs() - startMs),
    };
  }

  /** @inheritdoc */
  async rebuild({ progress, signal }: ActionContext): Promise<RebuildReport> {
    const startMs = this.#clock.steadyMs();
    const report = await this.#repository.rebuild({ progress, signal });
    return { ...report, durationMs: Math.round(this.#clock.steadyMs() - startMs) };
  }
}

function statsReport(stats: RepositoryStats): StatsReport {
  const { firstMicros, lastMicros, ...figures } = stats;
  const { logicalBytes, uniqueBytes, storedBytes } = stats;
  return {
    ...figures,
    dedupRatio: ratio(logicalBytes, uniqueBytes),
    compressionRatio: ratio(uniqueBytes, storedBytes),
    totalRatio: ratio(logicalBytes, storedBytes),
    ...(firstMicros === undefined ? {} : { first: isoMoment(firstMicros) }),
    ...(lastMicros === undefined ? {} : { last: isoMoment(lastMicros) }),
  };
}

/** 0 while there is nothing to compare. */
function ratio(before: number, after: number): number {
  return after === 0 ? 0 : before / after;
}

function damageReport({ touched, ...damage }: Damage): DamageReport {
  return {
    ...damage,
    touched: touched.map(({ name, fromMicros, toMicros, regionCount }) => ({
      ...{ machine: name.machine, disk: name.disk, regionCount },
      from: isoMoment(fromMicros),
      ...(toMicros === undefined ? {} : { to: isoMoment(toMicros) }),
    })),
  };
}
