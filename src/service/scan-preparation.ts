import type { Clock } from '../base/clock.ts';
import type { ScanExclusions } from '../capture/scan/excluded-runs.ts';
import { areRulesEmpty, type ExclusionRules } from '../content/exclusions/exclusion-rules.ts';
import { type DiskExclusions, findExclusions } from '../content/exclusions/find-exclusions.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { ImageWatch } from '../disk/image-watch.ts';
import type { ActionContext } from './long-action.ts';
import type { DiskAddress } from './use-cases.ts';

/** Watches an image from before it is opened until it is scanned, and works out what of it is excluded. */
export class ScanPreparation {
  /** Why nothing is excluded, as a sentence without its end. */
  readonly #reason: string | undefined;
  readonly #watch: ImageWatch | undefined;
  readonly #rules: ExclusionRules;

  private constructor(
    rules: ExclusionRules,
    watch: ImageWatch | undefined,
    reason: string | undefined,
  ) {
    this.#rules = rules;
    this.#watch = watch;
    this.#reason = reason;
  }

  /**
   * Begins to watch an image, when anything is to be excluded of it.
   * @param path - file or device
   * @param rules - what is to be excluded
   * @param clock - to wait by
   * @throws IO_FAILED
   */
  static async begin(path: string, rules: ExclusionRules, clock: Clock): Promise<ScanPreparation> {
    if (areRulesEmpty(rules)) return new ScanPreparation(rules, undefined, undefined);
    const outcome = await ImageWatch.begin(path, clock);
    if ('watch' in outcome) return new ScanPreparation(rules, outcome.watch, undefined);
    return new ScanPreparation(rules, undefined, `nothing is excluded: ${outcome.reason}`);
  }

  /**
   * Works out what is excluded.
   * @param name - the disk
   * @param disk - the image
   * @param action - progress and interruption
   * @throws IO_FAILED; the signal's reason
   */
  async find(
    name: DiskAddress,
    disk: ReadableDisk,
    action: ActionContext,
  ): Promise<PreparedExclusions> {
    const watch = this.#watch;
    if (watch === undefined) {
      const notes = this.#reason === undefined ? [] : [this.#reason];
      return { exclusions: undefined, found: undefined, notes };
    }
    action.progress({ phase: 'Looking for what is excluded', done: 0, total: 0, unit: 'bytes' });
    const found = await findExclusions({ name: name.disk, disk }, this.#rules, action.signal);
    const exclusions = { blocks: found.blocks, isAtRest: () => watch.isUnchanged() };
    return { exclusions, found, notes: found.notes };
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    await this.#watch?.close();
  }
}

/** What a scan is to leave out. */
export interface PreparedExclusions {
  /** Undefined: nothing. */
  readonly exclusions: ScanExclusions | undefined;
  /** What was found, when anything was looked for. */
  readonly found: DiskExclusions | undefined;
  /** Where nothing is excluded, and why. */
  readonly notes: readonly string[];
}
