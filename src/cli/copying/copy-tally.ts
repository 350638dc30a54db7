import { copyExamplesMax, copyTroublesMax } from '../../base/limits.ts';
import { pathOf } from './path-of.ts';

/** Something of some files that the target cannot hold, or nobody may give it. */
export interface CopyLoss {
  /** What was lost: "owner", "attribute user.note". */
  readonly what: string;
  /** Why, as a clause. */
  readonly reason: string;
  /** Files concerned. */
  fileCount: number;
  /** The first of them. */
  readonly paths: string[];
}

/** A file that was not copied. */
export interface CopyFailure {
  /** Its path below the target: hostile text. */
  readonly path: string;
  /** Why not. */
  readonly reason: string;
}

/** What became of the files of one copy. */
export class CopyTally {
  /** Files written, directories and links too. */
  copiedCount = 0;
  /** Files that were there already. */
  keptCount = 0;
  /** Bytes of content written. */
  copiedBytes = 0;
  /** Bytes of content that were there already. */
  keptBytes = 0;
  /** Files that were not copied. */
  failureCount = 0;
  /** The first of them. */
  readonly failures: CopyFailure[] = [];
  readonly #losses = new Map<string, CopyLoss>();

  /** What the target could not hold. */
  get losses(): readonly CopyLoss[] {
    return [...this.#losses.values()];
  }

  /**
   * Notes that a file was not copied.
   * @param components - its path below the target
   * @param error - anything caught, or words
   */
  fail(components: readonly string[], error: unknown): void {
    this.failureCount += 1;
    if (this.failures.length >= copyTroublesMax) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.failures.push({ path: pathOf(components), reason });
  }

  /**
   * Notes that something of a file was lost.
   * @param components - its path below the target
   * @param what - "owner"
   * @param reason - why, as a clause
   */
  lose(components: readonly string[], what: string, reason: string): void {
    const key = `${what}\0${reason}`;
    const loss = this.#losses.get(key) ?? { what, reason, fileCount: 0, paths: [] };
    loss.fileCount += 1;
    if (loss.paths.length < copyExamplesMax) loss.paths.push(pathOf(components));
    if (this.#losses.size < copyTroublesMax) this.#losses.set(key, loss);
  }
}
