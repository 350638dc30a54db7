import { resolve, sep } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { blockBytes } from '../base/limits.ts';
import { inspectTarget } from '../recovery/restore/inspect-target.ts';
import { planInPlace, restoreDisk } from '../recovery/restore/restore-disk.ts';
import type { RestoreOptions } from '../recovery/restore/restore-options.ts';
import type { Repository, View } from '../repository/index.ts';
import { isSameFile } from './backing-file.ts';
import type { DiskExclusions } from './disk-exclusions.ts';
import { excludedBytesOf } from './excluded-bytes.ts';
import type { LiveTaps, RunningTap } from './live-taps.ts';
import type { ActionContext } from './long-action.ts';
import type { MachineCaptures } from './machine-captures.ts';
import type { FoundView, MomentFinder } from './moment-finder.ts';
import { isoMoment } from './moments.ts';
import type { RestoreOrder, RestorePlanReport, RestoreReport } from './restore-report.ts';
import type { RestoreCases } from './use-cases.ts';
import { watchRecovery } from './watch-recovery.ts';

/** What bringing disks back needs. */
export interface RestoresParts {
  /** Tells what changed since a moment. */
  readonly repository: Repository;
  /** Finds the moment. */
  readonly moments: MomentFinder;
  /** A target may be the disk behind one of them. */
  readonly taps: LiveTaps;
  /** What is captured now. */
  readonly captures: MachineCaptures;
  /** Knows of which disks anything was excluded. */
  readonly exclusions: DiskExclusions;
  /** Measures speed. */
  readonly clock: Clock;
  /** Absolute path; nothing is restored into it. */
  readonly dataFolder: string;
}

type Job = Pick<RestoreOptions, 'view' | 'target' | 'mode' | 'evenIf' | 'ranges' | 'clock'>;

/** Bringing disks back: see RestoreCases. */
export class Restores implements RestoreCases {
  readonly #parts: RestoresParts;

  /** @param parts - see RestoresParts */
  constructor(parts: RestoresParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  plan(order: RestoreOrder, action: ActionContext): Promise<RestorePlanReport> {
    return this.#withView({ ...order, isInPlace: true }, async (found, tap, job) => {
      const plan = await planInPlace({ ...job, ...watchRecovery(action) });
      return {
        ...outcome(order, found, tap),
        ...(await this.#excluded(found.view)),
        differingBytes: plan.differingBytes,
        differingBlocks: Math.ceil(plan.differingBytes / blockBytes),
      };
    });
  }

  /** @inheritdoc */
  restore(order: RestoreOrder, action: ActionContext): Promise<RestoreReport> {
    return this.#withView(order, async (found, tap, job) => {
      const report = await restoreDisk({ ...job, ...watchRecovery(action) });
      return {
        ...outcome(order, found, tap),
        ...(await this.#excluded(found.view)),
        ...(report.plan === undefined ? {} : { differingBytes: report.plan.differingBytes }),
        writtenBytes: report.dataBytes,
        skippedBytes: Math.max(0, report.diskBytes - report.dataBytes),
        durationMs: Math.round(report.elapsedMs),
      };
    });
  }

  async #excluded(view: View): Promise<{ readonly excludedBytes?: number }> {
    if (!this.#parts.exclusions.wereAny(view.name)) return {};
    const excludedBytes = await excludedBytesOf(view);
    return excludedBytes === 0 ? {} : { excludedBytes };
  }

  async #withView<Answer>(
    order: RestoreOrder,
    use: (found: FoundView, tap: RunningTap | undefined, job: Job) => Promise<Answer>,
  ): Promise<Answer> {
    this.#refuseDataFolder(order.target);
    const tap = await this.#tapOf(order);
    if (tap !== undefined) this.#refuseUsedTap(order, tap);
    const found = await this.#parts.moments.open(order, order.at, { isReadOnce: true });
    try {
      return await use(found, tap, await this.#job(order, found, tap));
    } finally {
      await found.view.close();
    }
  }

  async #job(order: RestoreOrder, found: FoundView, tap: RunningTap | undefined): Promise<Job> {
    const { clock, taps } = this.#parts;
    const mode = order.isInPlace ? 'in-place' : 'whole';
    const what = { view: found.view, mode, evenIf: order.evenIf, clock } as const;
    if (tap === undefined) {
      const served = taps.all().map(({ backing, row }) => ({
        path: backing.path,
        use: `the live disk ${row.machine}/${row.disk}`,
      }));
      return { ...what, target: { path: order.target, served } };
    }
    const ranges = await this.#changedSince(order, found, tap);
    return { ...what, target: { disk: tap.disk, label: order.target }, ranges };
  }

  /**
   * A tap knows what was written since the moment, so that nothing else needs to be read and compared: but only while it is
   * whole, nobody writes to it, and it is the disk that is restored.
   */
  async #changedSince(
    order: RestoreOrder,
    found: FoundView,
    tap: RunningTap,
  ): Promise<RestoreOptions['ranges']> {
    const { machine, disk } = tap.row;
    const isSameDisk = machine === order.machine && disk === order.disk;
    if (!isSameDisk || this.#parts.taps.clientCount(tap) > 0) return undefined;
    const capture = this.#parts.captures.status(machine)?.disks.find((each) => each.disk === disk);
    if (capture?.state !== 'protecting' || capture.dirtyBytes > 0) return undefined;
    const nowMicros = await this.#parts.moments.find(order, 'now');
    return this.#parts.repository.changedRanges(tap.row, found.askedMicros, nowMicros);
  }

  /** The tap whose backing is the target, under whatever name. */
  async #tapOf(order: RestoreOrder): Promise<RunningTap | undefined> {
    const { identity } = await inspectTarget(order.target);
    if (identity === undefined) return undefined;
    return this.#parts.taps.all().find(({ backing }) => isSameFile(backing.identity, identity));
  }

  #refuseUsedTap(order: RestoreOrder, tap: RunningTap): void {
    const name = `${tap.row.machine}/${tap.row.disk}`;
    if (!order.isInPlace) {
      const reason = `${order.target} is the live disk ${name}`;
      throw new SecondwindError('REFUSED', { reason, option: '--in-place' });
    }
    const clients = this.#parts.taps.clientCount(tap);
    if (clients === 0 || order.evenIf.includes('in-use')) return;
    const reason = `${clients} NBD clients are connected to the live disk ${name} and would see it change under them`;
    throw new SecondwindError('REFUSED', { reason, option: '--even-if in-use' });
  }

  #refuseDataFolder(target: string): void {
    if (!`${resolve(target)}${sep}`.startsWith(`${this.#parts.dataFolder}${sep}`)) return;
    const reason = `${target} lies in the data folder, among what must not be overwritten`;
    throw new SecondwindError('USAGE', { reason });
  }
}

function outcome(
  order: RestoreOrder,
  found: FoundView,
  tap: RunningTap | undefined,
): Omit<RestorePlanReport, 'differingBytes' | 'differingBlocks'> {
  return {
    machine: order.machine,
    disk: order.disk,
    asked: isoMoment(found.askedMicros),
    point: isoMoment(found.view.timeMicros),
    target: order.target,
    isThroughTap: tap !== undefined,
    sizeBytes: found.view.sizeBytes,
  };
}
