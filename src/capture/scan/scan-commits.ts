import { strict as assert } from 'node:assert';
import type { Clock } from '../../base/clock.ts';
import { blockBytes, regionBlocks, scanAppendsMax, scanCommitBytes } from '../../base/limits.ts';
import type {
  BlockRun,
  CommitReceipt,
  CommitSink,
  DiskName,
  DiskState,
} from '../../repository/index.ts';
import { scanExcludedExtentsMax } from './limits.ts';
import type { ScannedWindow } from './scan-window.ts';

/** What the commits of a scan need. */
export interface ScanCommitsOptions {
  /** The disk. */
  readonly name: DiskName;
  /** Its size, bytes. */
  readonly sizeBytes: number;
  /** Where commits go. */
  readonly sink: CommitSink;
  /** Decides their time. */
  readonly clock: Clock;
  /** Changed data of one commit, bytes. */
  readonly commitBytes?: number;
  /** Takes memory back whose content is stored. */
  readonly giveBack: (memory: SharedArrayBuffer) => void;
}

/** Sums over the commits of a scan. */
export interface ScanTotals {
  /** Bytes that differed from what was stored. */
  changedBytes: number;
  /** Of these, bytes that were not stored before. */
  newBytes: number;
  /** Bytes added to the store. */
  storedBytes: number;
}

/**
 * Gathers what a scan finds into commits of bounded size, a few of them being stored while the next is gathered. Only the
 * last one calls the disk whole; a scan that finds little is one commit, and leaves no gap on the timeline.
 */
export class ScanCommits {
  /** Sums so far. */
  readonly totals: ScanTotals = { changedBytes: 0, newBytes: 0, storedBytes: 0 };
  readonly #options: ScanCommitsOptions;
  readonly #underWay: Promise<CommitReceipt>[] = [];
  #runs: BlockRun[] = [];
  #memory: SharedArrayBuffer[] = [];
  #gatheredBytes = 0;
  #gatheredExcluded = 0;

  /** @param options - see ScanCommitsOptions */
  constructor(options: ScanCommitsOptions) {
    this.#options = options;
  }

  /**
   * Adds what one window holds; windows come in order.
   * @param window - its memory is given back when it is stored
   * @throws NO_SPACE, IO_FAILED
   */
  async add(window: ScannedWindow): Promise<void> {
    for (const run of this.#keep(window)) {
      this.#runs.push(run);
      this.#gatheredBytes += run.blockCount * blockBytes;
    }
    if (this.#gatheredBytes >= (this.#options.commitBytes ?? scanCommitBytes))
      await this.#append('filling');
  }

  /**
   * Adds a run that is excluded, behind all windows.
   * @param run - of any length that fits a commit
   * @throws NO_SPACE, IO_FAILED
   */
  async addExcluded(run: BlockRun): Promise<void> {
    this.#runs.push(run);
    this.#gatheredExcluded += 1 + run.blockCount / regionBlocks;
    if (this.#gatheredExcluded >= scanExcludedExtentsMax) await this.#append('filling');
  }

  /**
   * Stores the last commit, which makes the disk whole.
   * @returns its receipt
   * @throws NO_SPACE, IO_FAILED
   */
  async finish(): Promise<CommitReceipt> {
    await this.#append('whole');
    const receipts = await Promise.all(this.#underWay.splice(0));
    const last = receipts.at(-1);
    assert(last !== undefined, 'a commit was just appended');
    return last;
  }

  /** Waits for what is under way, whatever becomes of it: its memory is borrowed. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#underWay.splice(0));
  }

  /** A window of which little differs is copied out of its memory, or a commit of scattered blocks would hold all of it. */
  #keep({ runs, memory }: ScannedWindow): readonly BlockRun[] {
    if (memory === undefined) return runs;
    const dataBytes = runs.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    if (dataBytes > memory.byteLength / 2) {
      this.#memory.push(memory);
      return runs;
    }
    const kept = copyRuns(runs, new Uint8Array(new SharedArrayBuffer(dataBytes)));
    this.#options.giveBack(memory);
    return kept;
  }

  async #append(state: DiskState): Promise<void> {
    while (this.#underWay.length >= scanAppendsMax) await this.#underWay.shift();
    const { name, sizeBytes, sink, clock, giveBack } = this.#options;
    const memory = this.#memory;
    // Excluded runs come behind all others, wherever they lie.
    const runs = this.#runs.sort((left, right) => left.firstBlock - right.firstBlock);
    const change = { disk: name.disk, sizeBytes, state, runs };
    this.#runs = [];
    this.#memory = [];
    this.#gatheredBytes = 0;
    this.#gatheredExcluded = 0;
    const appending = sink
      .append({
        machine: name.machine,
        timeMicros: clock.nowMicros(),
        consistency: 'fuzzy',
        disks: [change],
      })
      .then((receipt) => this.#count(receipt))
      .finally(() => {
        memory.forEach(giveBack);
      });
    // Whoever adds or finishes next meets the failure.
    appending.catch(() => undefined);
    this.#underWay.push(appending);
  }

  #count(receipt: CommitReceipt): CommitReceipt {
    this.totals.changedBytes += receipt.changedBytes;
    this.totals.newBytes += receipt.newBytes;
    this.totals.storedBytes += receipt.storedBytes;
    return receipt;
  }
}

function copyRuns(
  runs: readonly BlockRun[],
  target: Uint8Array<SharedArrayBuffer>,
): readonly BlockRun[] {
  let end = 0;
  return runs.map((run) => {
    if (run.data === undefined) return run;
    const data = target.subarray(end, end + run.data.length);
    data.set(run.data);
    end += data.length;
    return { ...run, data };
  });
}
