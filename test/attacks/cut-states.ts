import { createHash } from 'node:crypto';
import type { MemoryStore } from '../../src/keyvalue/memory-store.ts';
import type { StoreWrite } from '../../src/keyvalue/ordered-store.ts';
import type { CommitReceipt } from '../../src/repository/contract.ts';
import { type Choice, filesAfterCut } from '../../src/testing/crash-states.ts';
import type { CrashStep, CrashStorage } from '../../src/testing/crash-storage.ts';
import { type IndexMark, indexOf } from './logged-index.ts';
import type { RigMark } from './repository-rig.ts';

/** What a power cut left, and what must be found there. */
export interface CutState {
  readonly files: Map<string, Buffer>;
  /** The index; undefined when it is lost. */
  readonly index: MemoryStore | undefined;
  /** By machine: commits in the order in which they were tried. */
  readonly tried: ReadonlyMap<string, readonly string[]>;
  /** Receipts by id. */
  readonly stored: ReadonlyMap<string, CommitReceipt>;
  /** The same for states that cannot be told apart. */
  readonly key: string;
}

/**
 * Makes what a power cut may leave.
 * @param storage - with the log of what was done
 * @param stepCount - steps taken before the cut
 * @param choose - decides what survives
 */
export async function cutAfter(
  storage: CrashStorage,
  stepCount: number,
  choose: Choice,
): Promise<CutState> {
  const steps = storage.steps.slice(0, stepCount);
  const files = filesAfterCut(storage.initial, steps, choose);
  const { index, commitCount } = await indexAfterCut(steps, choose);
  const noted = notedIn(steps);
  const hash = createHash('sha1').update(`${commitCount} ${noted.stored.size} ${noted.triedCount}`);
  for (const [name, content] of files) hash.update(`${name} ${content.length} `).update(content);
  return { files, index, ...noted, key: hash.digest('hex') };
}

/**
 * Reads from a log which commits were tried and stored.
 * @param steps - of the log
 */
export function notedIn(
  steps: readonly CrashStep[],
): Pick<CutState, 'tried' | 'stored'> & { readonly triedCount: number } {
  const tried = new Map<string, string[]>();
  const stored = new Map<string, CommitReceipt>();
  for (const step of steps) {
    if (step.kind !== 'mark') continue;
    const mark = step.mark as RigMark | IndexMark;
    if (mark.kind === 'tried') {
      tried.set(mark.machine, [...(tried.get(mark.machine) ?? []), mark.id]);
    }
    if (mark.kind === 'stored') stored.set(mark.id, mark.receipt);
  }
  return { tried, stored, triedCount: [...tried.values()].flat().length };
}

/** The newest index: lost, as it was at the cut, or as it was after any commit since it was last flushed. */
async function indexAfterCut(
  steps: readonly CrashStep[],
  choose: Choice,
): Promise<{ readonly index: MemoryStore | undefined; readonly commitCount: number }> {
  let commits: (readonly StoreWrite[])[] = [];
  let flushed = 0;
  let isThere = false;
  for (const step of steps) {
    if (step.kind !== 'mark') continue;
    const mark = step.mark as RigMark | IndexMark;
    if (mark.kind === 'index-new') {
      commits = [];
      flushed = 0;
      isThere = true;
    }
    if (mark.kind === 'index-commit') commits.push(mark.writes);
    if (mark.kind === 'index-flushed') flushed = commits.length;
  }
  if (!isThere) return { index: undefined, commitCount: -1 };
  const fate = choose(commits.length - flushed + 2);
  if (fate === 0) return { index: undefined, commitCount: -1 };
  const kept = commits.length + 1 - fate;
  return { index: await indexOf(commits.slice(0, kept)), commitCount: kept };
}
