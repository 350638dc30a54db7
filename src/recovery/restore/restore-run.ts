import { SecondwindError } from '../../base/errors.ts';
import { formatIsoMoment } from '../../base/time-text.ts';
import { formatCountOf } from '../../base/units.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { UncachedDisk } from '../../disk/uncached-disk.ts';
import { BlockMarks } from '../block-marks.ts';
import { differingBlocks } from '../differing-blocks.ts';
import type { DiskPiece } from '../disk-pieces.ts';
import { ProgressMeter } from '../progress-meter.ts';
import type { OpenTarget } from './open-target.ts';
import { overwrite, overwrittenBytes } from './overwrite.ts';
import type { RestoreOptions, RestoreReport } from './restore-options.ts';
import { type MarkedPlan, planRestore, type RestorePlan } from './restore-plan.ts';
import { type WriteOptions, writePieces } from './write-pieces.ts';

/** One restore under way: what it is called, how far it came, and what it did. */
export class RestoreRun {
  readonly #options: RestoreOptions;
  readonly #meter: ProgressMeter;
  readonly #startMs: number;
  /** "web/root as it stood at …". */
  readonly #what: string;
  readonly #label: string;
  #plan: RestorePlan | undefined;
  #dataBytes = 0;
  #zeroBytes = 0;

  /** @param options - see RestoreOptions */
  constructor(options: RestoreOptions) {
    const { view, target, clock, progress } = options;
    this.#options = options;
    this.#meter = new ProgressMeter(clock, progress);
    this.#startMs = clock.steadyMs();
    const { machine, disk } = view.name;
    this.#what = `${machine}/${disk} as it stood at ${formatIsoMoment(view.timeMicros)}`;
    this.#label = 'disk' in target ? target.label : target.path;
  }

  /**
   * Writes the disk to an open target and makes it what was asked for.
   * @param target - checked
   * @throws as restoreDisk
   */
  async carryOut(target: OpenTarget): Promise<RestoreReport> {
    if (target.state === 'fresh') await this.#fill(target);
    else if (!(await this.#write(target)))
      return this.#report({ isDone: false, verifiedFrom: undefined });
    await target.finish();
    const verifiedFrom = this.#options.isVerified === true ? await this.#verify(target) : undefined;
    return this.#report({ isDone: true, verifiedFrom });
  }

  /**
   * Finds what differs.
   * @param target - at least readable
   * @throws INTERRUPTED, and what reading throws
   */
  async plan(target: ReadableDisk): Promise<MarkedPlan> {
    const { view, ranges, clock, signal } = this.#options;
    const action = `Comparing ${this.#label}`;
    return planRestore({ view, target, ranges, action, clock, meter: this.#meter, signal });
  }

  async #fill(target: OpenTarget): Promise<void> {
    const { sizeBytes } = this.#options.view;
    this.#meter.start('Writing', sizeBytes);
    await writePieces(this.#writeOptions(target), everything(sizeBytes).spans());
  }

  /** Over something that is there already. */
  async #write(target: OpenTarget): Promise<boolean> {
    const marks = await this.#blocksToWrite(target);
    if (marks === undefined) return false;
    this.#meter.start('Writing', overwrittenBytes(marks));
    const options = this.#writeOptions(target);
    // A leftover is marked by its name.
    if (target.state === 'leftover') await writePieces(options, marks.spans());
    else await overwrite(options, marks, this.#what);
    return true;
  }

  /** What an earlier restore left behind is compared too, so that nothing is written twice. */
  async #blocksToWrite(target: OpenTarget): Promise<BlockMarks | undefined> {
    const { view, mode, approve } = this.#options;
    if (mode === 'whole' && target.state === 'existing') return everything(view.sizeBytes);
    const { plan, marks } = await this.plan(target.disk);
    this.#plan = plan;
    const isAsked = mode === 'in-place' && target.state === 'existing';
    return !isAsked || ((await approve?.(plan)) ?? true) ? marks : undefined;
  }

  #writeOptions(target: OpenTarget): WriteOptions {
    const { view, signal } = this.#options;
    return {
      view,
      target: target.disk,
      isFresh: target.state === 'fresh',
      // Nobody else's writes wait for the flushes of what was opened for this restore alone.
      isSyncedEarly: target.path !== undefined,
      action: `Restoring ${this.#what}`,
      onWritten: (piece) => {
        this.#count(piece);
      },
      signal,
    };
  }

  #count({ lengthBytes, isHole }: DiskPiece): void {
    if (isHole) this.#zeroBytes += lengthBytes;
    else this.#dataBytes += lengthBytes;
    this.#meter.add(lengthBytes);
  }

  async #verify(target: OpenTarget): Promise<'disk' | 'cache'> {
    const { sizeBytes } = this.#options.view;
    const uncached =
      target.path === undefined ? undefined : await UncachedDisk.open(target.path, sizeBytes);
    try {
      await this.#compareAll(uncached ?? target.disk);
    } finally {
      await uncached?.close();
    }
    return uncached === undefined ? 'cache' : 'disk';
  }

  async #compareAll(target: ReadableDisk): Promise<void> {
    const { view, signal } = this.#options;
    this.#meter.start('Verifying', view.sizeBytes);
    const marks = await differingBlocks({
      wanted: view,
      found: target,
      action: `Verifying ${this.#label}`,
      onCompared: (lengthBytes) => {
        this.#meter.add(lengthBytes);
      },
      signal,
    });
    const first = marks.spans().next();
    if (first.done === true) return;
    const blocks = formatCountOf(marks.totals().spanCount, 'range');
    const offset = first.value.offsetBytes;
    const reason = `${blocks} did not read back as written, the first at byte ${offset}`;
    const data = { action: 'Verifying', file: this.#label, reason, offset };
    throw new SecondwindError('IO_FAILED', data);
  }

  #report(outcome: Pick<RestoreReport, 'isDone' | 'verifiedFrom'>): RestoreReport {
    const { view, clock } = this.#options;
    return {
      target: this.#label,
      diskBytes: view.sizeBytes,
      dataBytes: this.#dataBytes,
      zeroBytes: this.#zeroBytes,
      plan: this.#plan,
      ...outcome,
      elapsedMs: Math.round(clock.steadyMs() - this.#startMs),
    };
  }
}

function everything(sizeBytes: number): BlockMarks {
  const marks = new BlockMarks(sizeBytes);
  marks.add(0, sizeBytes);
  return marks;
}
